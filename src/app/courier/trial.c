/* trial.c: home loop --mail--> courier's loop: build, call --mail--> home loop. */
#include "app/courier/trial.h"

#include "app/app.h"
#include "app/courier/parts.h"
#include "base/log.h"
#include "domain/deliver/excerpt.h"

static void arrive_home(Mail *mail, Loop *here)
{
    Trial *t = CONTAINER_OF(mail, Trial, mail);
    (void)here;
    t->done(t);
}

static void go_home(Trial *t)
{
    t->mail.open = arrive_home;
    mailbox_post(t->home, &t->mail);
}

static void refuse(Trial *t, Status st, const char *why)
{
    t->st = err_set(&t->err, st, "%s", why);
    go_home(t);
}

static void answered(CarrierCall *call)
{
    Trial *t = CONTAINER_OF(call, Trial, call);
    Courier *c = t->_courier;
    c->trials--;
    c->on_wire--;
    t->took_ms = c->loop->now_ms - t->message.now_ms;
    outcome_read(t->kind, &t->credentials, &t->message, &call->answer, t->arena, &t->outcome);
    t->request = excerpt_request(&t->_request, true, t->kind, &t->credentials, t->arena);
    t->answer = excerpt_answer(&call->answer, t->kind, &t->credentials, t->arena);
    go_home(t);
    if (c->draining) turn_soon(c);
}

static void call(Courier *c, Trial *t)
{
    t->message.now_ms = c->loop->now_ms;
    t->st = t->kind->build(&t->credentials, &t->message, t->arena, &t->_request, &t->err);
    if (t->st != ST_OK) {
        go_home(t);
        return;
    }
    request_finish(&t->_request, t->base_url, t->kind);
    t->call = (CarrierCall){
        .request = &t->_request, .timeout_ms = c->timeout_ms, .arena = t->arena, .done = answered};
    c->trials++;
    c->on_wire++;
    carrier_send(c->carrier, &t->call);
}

static void open_trial(Mail *mail, Loop *here)
{
    Trial *t = CONTAINER_OF(mail, Trial, mail);
    Courier *c = here->lane;
    if (c->draining)
        refuse(t, ST_UNAVAILABLE, "the server is about to stop");
    else if (c->trials >= TRIALS_MAX)
        refuse(t, ST_LIMITED, "Too many tests at once; wait for those under way");
    else
        call(c, t);
}

/* Under the lock: the letter that begins the drain is posted after ours, so ours is opened. */
bool courier_try(Courier *c, Trial *t)
{
    t->_courier = c;
    t->mail.open = open_trial;
    uv_mutex_lock(&c->inbox.lock);
    bool takes = !c->inbox.drain;
    if (takes) mailbox_post(c->loop, &t->mail);
    uv_mutex_unlock(&c->inbox.lock);
    return takes;
}
