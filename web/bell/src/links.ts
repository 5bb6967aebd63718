// links.ts: addresses in a text become links, and nothing else does. What comes out is text and URLs of
// four harmless kinds; whoever draws it makes text nodes and `href`s, never markup.

export type Piece = string | { text: string; href: string };

const ADDRESS = /(?:https?:\/\/|mailto:|tel:)[^\s<>"'`]+/gi;
const AFTER_SENTENCE = /[.,;:!?)\]}]+$/;
const KINDS = new Set(['http:', 'https:', 'mailto:', 'tel:']);

function hrefOf(text: string): string | null {
    try {
        const url = new URL(text);
        return KINDS.has(url.protocol) ? url.href : null;
    } catch {
        return null;
    }
}

export function piecesOf(text: string): Piece[] {
    const pieces: Piece[] = [];
    let done = 0;
    for (const match of text.matchAll(ADDRESS)) {
        const address = match[0].replace(AFTER_SENTENCE, '');
        const inWord = match.index > 0 && /\w/.test(text[match.index - 1]!);
        const href = inWord ? null : hrefOf(address);
        if (!href) continue;
        if (match.index > done) pieces.push(text.slice(done, match.index));
        pieces.push({ text: address, href });
        done = match.index + address.length;
    }
    if (done < text.length) pieces.push(text.slice(done));
    return pieces;
}
