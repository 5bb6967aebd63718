/* template_preview.h: which variables a template asks for, and which of those given it never reads
 * (ORQ-23).
 *
 * Thread: none of its own.  Ownership: everything lives in the arena. */
#ifndef ORQ_APP_ADMIN_TEMPLATE_PREVIEW_H
#define ORQ_APP_ADMIN_TEMPLATE_PREVIEW_H

#include "domain/template/template.h"

enum { PREVIEW_PATHS_MAX = 500 }; /* of one preview; more are not looked at */

typedef struct PreviewPaths {
    Arena *arena;
    Str at[PREVIEW_PATHS_MAX]; /* as written, each once */
    uint32_t count;
} PreviewPaths;

void preview_paths_add(PreviewPaths *paths, const Template *t);

/* Does "user.items.0.name" lead to a value? Only the first name may come from the fallback. */
bool preview_path_resolves(Str path, const Json *variables, const Json *fallback);
/* Is this member of the variables the first part of any path? */
bool preview_reads(const PreviewPaths *paths, Str name);

#endif
