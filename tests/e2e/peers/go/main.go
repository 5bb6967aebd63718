// A live peer in Go: the official client connects with a token, subscribes, prints each publication's data as a
// line.
//
//	usage: peer URL TOKEN CHANNEL COUNT json|protobuf
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/centrifugal/centrifuge-go"
)

func main() {
	url, token, channel, encoding := os.Args[1], os.Args[2], os.Args[3], os.Args[5]
	count, err := strconv.Atoi(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	config := centrifuge.Config{Token: token}
	client := centrifuge.NewJsonClient(url, config)
	if encoding == "protobuf" {
		client = centrifuge.NewProtobufClient(url, config)
	}
	subscription, err := client.NewSubscription(channel)
	if err != nil {
		log.Fatal(err)
	}
	heard := make(chan []byte, 16)
	client.OnError(func(e centrifuge.ErrorEvent) { log.Fatal(e.Error) })
	client.OnDisconnected(func(e centrifuge.DisconnectedEvent) { log.Fatal(e.Code, e.Reason) })
	subscription.OnSubscribed(func(centrifuge.SubscribedEvent) { fmt.Println("subscribed") })
	subscription.OnUnsubscribed(func(e centrifuge.UnsubscribedEvent) { log.Fatal(e.Code, e.Reason) })
	subscription.OnPublication(func(e centrifuge.PublicationEvent) { heard <- e.Data })
	if err := client.Connect(); err != nil {
		log.Fatal(err)
	}
	if err := subscription.Subscribe(); err != nil {
		log.Fatal(err)
	}
	for ; count > 0; count-- {
		fmt.Println(string(<-heard))
	}
	os.Exit(0)
}
