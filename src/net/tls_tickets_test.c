#include "net/tls_tickets.h"

#include <string.h>

#include "base/limits.h"
#include "check_test.h"

static const int64_t start_s = 1700000000;
static const int64_t life_s = TLS_TICKET_KEY_LIFE_S;

static bool same(const TicketKey *a, const TicketKey *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

TEST(tickets_are_sealed_with_one_key_for_its_life_then_with_another)
{
    TicketKeys *keys = ticket_keys_new(start_s);
    TicketKey first = ticket_keys_current(keys, start_s);
    TicketKey last = ticket_keys_current(keys, start_s + life_s - 1);
    TicketKey next = ticket_keys_current(keys, start_s + life_s);
    assert_true(same(&first, &last));
    assert_memory_not_equal(first.name, next.name, TICKET_NAME_BYTES);
    assert_memory_not_equal(first.cipher, next.cipher, TICKET_KEY_BYTES);
    assert_memory_not_equal(first.mac, next.mac, TICKET_KEY_BYTES);
    ticket_keys_free(keys);
}

TEST(tickets_of_the_key_before_are_opened_and_called_old)
{
    TicketKeys *keys = ticket_keys_new(start_s);
    TicketKey first = ticket_keys_current(keys, start_s), found;
    bool old = true;
    assert_true(ticket_keys_find(keys, first.name, start_s, &found, &old));
    assert_false(old);
    assert_true(same(&first, &found));
    assert_true(ticket_keys_find(keys, first.name, start_s + life_s, &found, &old));
    assert_true(old);
    assert_true(same(&first, &found));
    assert_true(ticket_keys_find(keys, first.name, start_s + 2 * life_s - 1, &found, &old));
    assert_false(ticket_keys_find(keys, first.name, start_s + 2 * life_s, &found, &old));
    ticket_keys_free(keys);
}

TEST(tickets_of_a_server_that_slept_for_days_are_not_opened)
{
    TicketKeys *keys = ticket_keys_new(start_s);
    TicketKey first = ticket_keys_current(keys, start_s), found;
    bool old;
    assert_false(ticket_keys_find(keys, first.name, start_s + 5 * life_s, &found, &old));
    ticket_keys_free(keys);
}

TEST(tickets_with_a_name_of_nobody_are_not_opened)
{
    TicketKeys *keys = ticket_keys_new(start_s);
    const uint8_t nobody[TICKET_NAME_BYTES] = {0};
    TicketKey found;
    bool old;
    assert_false(ticket_keys_find(keys, nobody, start_s, &found, &old));
    ticket_keys_free(keys);
}

TEST_MAIN()
