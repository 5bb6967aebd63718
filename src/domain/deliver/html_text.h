/* html_text.h: the text of an HTML mail, for readers that show no HTML, and for those who judge a mail without
 * a text part to be spam.
 *
 * Not a browser: tags go, blocks become lines, a link keeps its address, list items get a dash, what is in
 * <style>, <script>, <head> and comments is not text. Character references are resolved.
 *
 * Thread: any.  Errors: the Buf remembers. */
#ifndef ORQ_DOMAIN_DELIVER_HTML_TEXT_H
#define ORQ_DOMAIN_DELIVER_HTML_TEXT_H

#include "base/buf.h"

void html_text(Str html, Buf *out);

#endif
