/* curl_loop.h: libcurl's multi interface on one of our loops, and easy handles that keep the outbound
 * policy. Private to the drivers that speak through libcurl (HTTP, mail).
 *
 *   CurlJob job = {.use = OUTBOUND_HTTPS, .finished = my_end};
 *   curl_job_init(loop, &job)     a handle with every safe default set; set the rest on job.easy
 *   curl_job_start(&job)          later, once: my_end(&job, code)
 *   curl_job_done(&job)           before or after that, also while it runs: gives the handle back
 *
 * Thread: the loop's. */
#ifndef ORQ_DRIVER_HTTP_CURL_LOOP_H
#define ORQ_DRIVER_HTTP_CURL_LOOP_H

#include <curl/curl.h>

#include "net/loop.h"
#include "net/outbound.h"

typedef struct CurlLoop CurlLoop;
typedef struct CurlJob CurlJob;

struct CurlJob {
    OutboundUse use;
    void (*finished)(CurlJob *job, CURLcode code);
    CURL *easy;
    bool refused;                /* the policy refused an address of it */
    char error[CURL_ERROR_SIZE]; /* libcurl's sentence */
    CurlLoop *_loop;
    bool _running;
};

/* ca_file: NULL for the system's authorities. The policy outlives the loop. */
CurlLoop *curl_loop_new(Loop *loop, const OutboundPolicy *policy, const char *ca_file);
/* All jobs are done. Sockets close in the loop's next turn, or in loop_free. */
void curl_loop_free(CurlLoop *c);
Loop *curl_loop_on(const CurlLoop *c);

Status curl_job_init(CurlLoop *c, CurlJob *job, Err *err) MUST_USE;
Status curl_job_start(CurlJob *job) MUST_USE;
void curl_job_done(CurlJob *job); /* fine on a zeroed one */

#endif
