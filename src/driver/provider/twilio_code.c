#include "driver/provider/twilio_code.h"

OutcomeClass twilio_code_class(int64_t code, OutcomeClass usual)
{
    static const struct {
        int32_t code;
        OutcomeClass class;
    } codes[] = {
        {20003, OUTCOME_CONFIGURATION}, /* authentication failed */
        {20429, OUTCOME_RETRY_AFTER},   /* too many requests */
        {21211, OUTCOME_SUPPRESS},      /* not a number */
        {21408, OUTCOME_CONFIGURATION}, /* country not enabled */
        {21606, OUTCOME_CONFIGURATION}, /* the sender is not ours */
        {21610, OUTCOME_SUPPRESS},      /* the recipient said STOP */
        {21612, OUTCOME_PERMANENT},     /* no route */
        {21614, OUTCOME_SUPPRESS},      /* not a mobile */
        {21617, OUTCOME_PERMANENT},     /* too long */
        {21659, OUTCOME_CONFIGURATION}, /* the sender is no Twilio number */
        {30001, OUTCOME_RETRY},         /* queue overflow */
        {30002, OUTCOME_CONFIGURATION}, /* account suspended */
        {30003, OUTCOME_RETRY},         /* unreachable for now */
        {30004, OUTCOME_SUPPRESS},      /* blocked */
        {30005, OUTCOME_SUPPRESS},      /* unknown */
        {30006, OUTCOME_SUPPRESS},      /* landline */
        {30007, OUTCOME_PERMANENT},     /* filtered by a carrier */
        {30008, OUTCOME_RETRY},         /* unknown error */
        {30034, OUTCOME_CONFIGURATION}, /* the sender is not registered */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code) return codes[i].class;
    return usual;
}
