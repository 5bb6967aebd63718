/* report_vectors.h: webhooks signed with openssl dgst, for report_test.c. */
#ifndef ORQ_DRIVER_PROVIDER_REPORT_VECTORS_H
#define ORQ_DRIVER_PROVIDER_REPORT_VECTORS_H

#define RESEND_SECRET "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define RESEND_BODY                                                                                \
    "{\"type\":\"email.bounced\",\"created_at\":\"2027-01-15T07:59:59.000Z\",\"data\""             \
    ":{\"email_id\":\"e1\",\"to\":[\"ada@example.com\"],\"bounce\":{\"type\":\"Perman"             \
    "ent\",\"message\":\"mailbox is gone\"}}}"
#define RESEND_SIGNATURE "qua16yBlXMpQQaWTL/3LF/OaYB8gHGxMV1OKuxDvoFA="
#define SENDGRID_BODY                                                                              \
    "[{\"event\":\"delivered\",\"email\":\"a@x.y\",\"timestamp\":1799999990,\"sg_mess"             \
    "age_id\":\"SG1.filter0.1\",\"deliveryId\":\"D1\"},{\"event\":\"bounce\",\"type\""             \
    ":\"bounce\",\"email\":\"b@x.y\",\"timestamp\":1799999990,\"sg_message_id\":\"SG2"             \
    ".x\",\"reason\":\"550 no such user\"},{\"event\":\"bounce\",\"type\":\"blocked\""             \
    ",\"email\":\"c@x.y\",\"timestamp\":1799999990,\"sg_message_id\":\"SG3.x\",\"reas"             \
    "on\":\"policy\"},{\"event\":\"spamreport\",\"email\":\"d@x.y\",\"timestamp\":179"             \
    "9999990,\"sg_message_id\":\"SG4.x\"},{\"event\":\"group_resubscribe\",\"email\":"             \
    "\"e@x.y\",\"timestamp\":1799999990,\"sg_message_id\":\"SG5.x\"}]"
#define SENDGRID_PUBLIC_KEY                                                                        \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXHnikjZYijhAdcSHqZ8APMPD35w7H10VvQyGbsHpkUqZ"             \
    "SO/ilcNcKSKoV3TAlOnmFvDu6EisOEtW517M+Pbozg=="
#define SENDGRID_OTHER_KEY                                                                         \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5BDsRlWLvrD3ixsRtTM5TFgDNkEqjVOlclvl7I6Kk06v"             \
    "NOxzV8UAPxilel5ew7xr0m/bTBSLFOYplG6FgnzxEA=="
#define SENDGRID_SIGNATURE                                                                         \
    "MEUCIHkG35cgWklaIez/6nEGatPN3gmfc5jBpX6B5wMzD1XwAiEAl9mxuX8ZhgfpaVCViuJot1vw/K5J"             \
    "T4Pnz/v+XZJf5Uw="
#define TWILIO_TOKEN "0123456789abcdef"
#define TWILIO_URL   "https://n.example/hooks/x"
#define TWILIO_BODY                                                                                \
    "MessageStatus=undelivered&MessageSid=SM1&ErrorCode=30005&To=%2B254712345678&From"             \
    "=%2B15005550006"
#define TWILIO_SIGNATURE "hwjRdMexvcQQx7E7oNKhproXY98="

#endif
