// The four calls most applications begin with.
//
//	export ORQESTRA_HOST=http://127.0.0.1:8000 ORQESTRA_API_KEY=...
//	go run ./examples USER_ID EMAIL PHONE
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"orqestra/sdk"
)

func main() {
	ctx := context.Background()
	userID, email, phone := argument(1, "user-1"), argument(2, "user@example.com"), argument(3, "+254712345678")

	// New user registration: every channel that has a template for it.
	must(orqestra.SendNotification(ctx, "user.registered",
		orqestra.Payload{UserID: userID, RecipientEmail: email},
		orqestra.Variables{"firstName": "Ada"}))

	// Order confirmation: however often this runs, order 1234 is confirmed once.
	must(orqestra.SendNotification(ctx, "order.confirmed",
		orqestra.Payload{UserID: userID, RecipientEmail: email},
		orqestra.Variables{"orderNumber": "ORD-2026-1234", "amount": "$49.99"},
		orqestra.Options{IdempotencyKey: "order.confirmed-ORD-2026-1234"}))

	// Urgent broadcast: to each of its recipients, by SMS alone.
	for _, recipient := range []orqestra.Payload{{UserID: userID, RecipientPhone: phone}} {
		must(orqestra.SendNotification(ctx, "global.alert", recipient,
			orqestra.Variables{"title": "Service alert", "message": "We are working on it."},
			orqestra.Options{Channels: []string{"SMS"}}))
	}

	// Password reset: by e-mail alone.
	must(orqestra.SendNotification(ctx, "global.alert",
		orqestra.Payload{UserID: userID, RecipientEmail: email},
		orqestra.Variables{"title": "Reset your password", "message": "https://example.com/reset/one-time-code"},
		orqestra.Options{Channels: []string{"EMAIL"}}))

	fmt.Println("4 events accepted")
}

func argument(n int, otherwise string) string {
	if n < len(os.Args) {
		return os.Args[n]
	}
	return otherwise
}

func must(_ *orqestra.Result, err error) {
	if err != nil {
		log.Fatal(err)
	}
}
