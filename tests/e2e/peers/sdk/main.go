// sdk/go as the vectors drive it. A line in: {environment, call}; a line out: what came of it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"orqestra/sdk"
)

type job struct {
	JobID       int `json:"id"`
	Environment map[string]*string
	Real        bool
	Call        struct {
		Method, EventType, UserID, ID, EventID string
		Payload                                orqestra.Payload
		Variables                              orqestra.Variables
		Page                                   struct{ Limit, Offset int }
		Options                                orqestra.Options
	}
}

type failure struct {
	Kind       string   `json:"kind"`
	Status     int      `json:"status"`
	Messages   []string `json:"messages"`
	RetryAfter *float64 `json:"retryAfter"`
}

type seen struct {
	ID     int       `json:"id"`
	Waits  []float64 `json:"waits"`
	Log    []string  `json:"log"`
	Result any       `json:"result,omitempty"`
	Error  *failure  `json:"error,omitempty"`
}

func (s *seen) Printf(format string, values ...any) {
	s.Log = append(s.Log, fmt.Sprintf(format, values...))
}

func (s *seen) sleep(_ context.Context, wait time.Duration) error {
	s.Waits = append(s.Waits, wait.Seconds())
	return nil
}

var kinds = map[error]string{
	orqestra.ErrConfig: "config", orqestra.ErrUnauthorized: "auth", orqestra.ErrValidation: "validation",
	orqestra.ErrRateLimit: "rateLimit", orqestra.ErrServer: "server", orqestra.ErrConnection: "connection",
	orqestra.ErrAPI: "api",
}

func run(j *job) *seen {
	s := &seen{ID: j.JobID, Waits: []float64{}, Log: []string{}}
	for name, value := range j.Environment {
		os.Unsetenv(name)
		if value != nil {
			os.Setenv(name, *value)
		}
	}
	config := orqestra.Config{Logger: s, Sleep: s.sleep}
	if j.Real {
		config.Sleep = nil
	}
	client, err := orqestra.New(config)
	if err == nil {
		s.Result, err = call(client, j)
	}
	var told *orqestra.Error
	if errors.As(err, &told) {
		s.Result = nil
		s.Error = &failure{Kind: kinds[told.Kind], Status: told.Status, Messages: told.Messages}
		if told.RetryAfter != nil {
			seconds := told.RetryAfter.Seconds()
			s.Error.RetryAfter = &seconds
		}
		if !errors.Is(err, told.Kind) {
			panic("errors.Is does not know " + told.Kind.Error())
		}
	} else if err != nil {
		panic(err)
	}
	return s
}

func call(client *orqestra.Client, j *job) (any, error) {
	ctx, c := context.Background(), &j.Call
	switch c.Method {
	case "requestRealtimeToken":
		return client.RequestRealtimeToken(ctx, c.UserID)
	case "history":
		return client.History(ctx, c.UserID, c.Page.Limit, c.Page.Offset)
	case "markRead":
		return nil, client.MarkRead(ctx, c.UserID, c.ID)
	case "cancelNotification":
		return nil, client.CancelNotification(ctx, c.EventID)
	default:
		return client.SendNotification(ctx, c.EventType, c.Payload, c.Variables, c.Options)
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var j job
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			panic(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(run(&j)); err != nil {
			panic(err)
		}
	}
}
