#include "domain/deliver/state.h"

#include "check_test.h"

TEST(state_reads_back_what_is_stored)
{
    assert_int_equal(delivery_state_of(DELIVERY_PENDING, false, false), STATE_QUEUED);
    assert_int_equal(delivery_state_of(DELIVERY_PENDING, true, false), STATE_CLAIMED);
    assert_int_equal(delivery_state_of(DELIVERY_RETRYING, false, false), STATE_RETRY_WAIT);
    assert_int_equal(delivery_state_of(DELIVERY_RETRYING, true, false), STATE_CLAIMED);
    assert_int_equal(delivery_state_of(DELIVERY_SENT, false, false), STATE_SENT);
    assert_int_equal(delivery_state_of(DELIVERY_DELIVERED, false, false), STATE_CONFIRMED);
    assert_int_equal(delivery_state_of(DELIVERY_FAILED, false, false), STATE_DEAD);
    assert_int_equal(delivery_state_of(DELIVERY_FAILED, false, true), STATE_SUPPRESSED);
}

/* Into SENT lead a claim, and a status webhook for what waits although a provider has it. */
TEST(state_moves_are_few)
{
    for (DeliveryState from = 0; from < STATE_COUNT; from++) {
        assert_false(delivery_may_move(from, from));
        assert_int_equal(delivery_may_move(from, STATE_SENT),
                         from == STATE_CLAIMED || from == STATE_QUEUED || from == STATE_RETRY_WAIT);
        assert_int_equal(delivery_may_move(from, STATE_CLAIMED),
                         from == STATE_QUEUED || from == STATE_RETRY_WAIT);
        assert_false(delivery_may_move(from, STATE_ACCEPTED));
        assert_false(delivery_may_move(STATE_CONFIRMED, from));
    }
    assert_true(delivery_may_move(STATE_DEAD, STATE_QUEUED));
    assert_true(delivery_may_move(STATE_DEAD, STATE_CONFIRMED)); /* it arrived after all */
    assert_false(delivery_may_move(STATE_SUPPRESSED, STATE_CONFIRMED));
    assert_false(delivery_may_move(STATE_DEAD, STATE_SENT));
}

TEST(state_on_the_wire)
{
    assert_int_equal(delivery_state_status(STATE_CLAIMED), DELIVERY_PENDING);
    assert_int_equal(delivery_state_status(STATE_RETRY_WAIT), DELIVERY_RETRYING);
    assert_int_equal(delivery_state_status(STATE_SUPPRESSED), DELIVERY_FAILED);
    assert_str(delivery_state_name(STATE_RETRY_WAIT), "RETRY_WAIT");
    for (DeliveryState s = 0; s < STATE_COUNT; s++)
        assert_int_equal(delivery_is_final(s), s == STATE_SENT || s == STATE_CONFIRMED ||
                                                   s == STATE_DEAD || s == STATE_SUPPRESSED);
}

TEST_MAIN()
