// Package orqestra sends events to Orqestra from a Go backend. It needs the standard library only.
//
//	┌─ BEFORE THE FIRST CALL ─────────────────────────────────────────────────────────────────────┐
//	│ 1. Admin UI → Providers: configure a delivery provider (in-app push needs none).             │
//	│ 2. Admin UI → Templates: create and activate a template whose event type is, letter by       │
//	│    letter, the one you pass to SendNotification.                                             │
//	│ 3. Test with "global.info" and variables {title, message} first: it works without 1 and 2.   │
//	└──────────────────────────────────────────────────────────────────────────────────────────────┘
package orqestra

import (
	"context"
	"log"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	maxWait = 5 * time.Minute // a minute's limit is over in 60 s; a day's cap is nothing to wait for inside a call
	timeout = 30 * time.Second
)

var visible = regexp.MustCompile(`^[\x21-\x7e]{1,255}$`)

// Payload is routing identity: who receives the notification. Everything else belongs into variables.
type Payload struct {
	UserID         string `json:"userId"`
	RecipientEmail string `json:"recipientEmail,omitempty"` // needed for the EMAIL channel
	RecipientPhone string `json:"recipientPhone,omitempty"` // needed for the SMS channel: E.164, "+254712345678"
}

// Variables are template data: every key is {{key}} in a template. global.* events want at least title and message.
type Variables = map[string]any

// Options of one call; the zero value has none of them.
type Options struct {
	IdempotencyKey string   // the same key again, within 24 hours, changes nothing and gets the first answer
	Channels       []string // "EMAIL", "SMS", "PUSH": only these, for this call; nil: all
	TraceID        string
	SendAt         time.Time // later, up to a year ahead
	EventID        string    // given by the package when neither this nor an IdempotencyKey is
}

// Result of an accepted event.
type Result struct {
	Success  bool   `json:"success"`
	Message  string `json:"message"`
	EventID  string `json:"eventId,omitempty"` // empty when only an IdempotencyKey was given
	SendAt   string `json:"sendAt,omitempty"`
	Replayed bool   `json:"replayed"` // accepted before, under the same key or id; nothing happened now
}

// RealtimeToken is what a browser needs to listen.
type RealtimeToken struct {
	Token    string   `json:"token"`
	Channels []string `json:"channels"`
}

// HistoryItem is a notification as the bell shows it.
type HistoryItem struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Title     string `json:"title"`
	Body      string `json:"body"`
	Status    string `json:"status"` // "UNREAD" or "READ"
	CreatedAt string `json:"created_at"`
}

// Logger takes warnings and errors; a *log.Logger is one.
type Logger interface {
	Printf(format string, values ...any)
}

// Config of a Client. What is left empty is read from the environment or has a default.
type Config struct {
	Host          string // ORQESTRA_HOST
	APIKey        string // ORQESTRA_API_KEY
	TenantID      string // ORQESTRA_TENANT_ID; for History and MarkRead only
	WebhookSecret string // ORQESTRA_WEBHOOK_SECRET; requests are signed when there is one

	MaxWait    time.Duration // a 429 that asks for a longer wait is returned at once; default 5 minutes
	HTTPClient *http.Client  // default: 30 s an attempt, no redirects
	Logger     Logger        // default: log.Default()
	Sleep      func(ctx context.Context, wait time.Duration) error
}

// Client is a tenant's way in; any number of goroutines may share one.
type Client struct {
	config Config
}

// New reads the environment for what config leaves empty.
func New(config Config) (*Client, error) {
	fill(&config.Host, "ORQESTRA_HOST")
	fill(&config.APIKey, "ORQESTRA_API_KEY")
	fill(&config.TenantID, "ORQESTRA_TENANT_ID")
	fill(&config.WebhookSecret, "ORQESTRA_WEBHOOK_SECRET")
	config.Host = strings.TrimRight(config.Host, "/")
	switch {
	case config.Host == "":
		return nil, configError("ORQESTRA_HOST is not set: the address of your Orqestra server")
	case !isAddress(config.Host):
		return nil, configError("ORQESTRA_HOST must be an address that begins with http:// or https://")
	case config.APIKey == "":
		return nil, configError("ORQESTRA_API_KEY is not set: the API key of your tenant")
	case !visible.MatchString(config.APIKey):
		return nil, configError("ORQESTRA_API_KEY must be visible characters only")
	}
	if config.MaxWait == 0 {
		config.MaxWait = maxWait
	}
	if config.HTTPClient == nil {
		config.HTTPClient = defaultHTTPClient
	}
	if config.Logger == nil {
		config.Logger = log.Default()
	}
	if config.Sleep == nil {
		config.Sleep = sleep
	}
	return &Client{config}, nil
}

func isAddress(host string) bool {
	parts, err := url.Parse(host)
	return err == nil && (parts.Scheme == "http" || parts.Scheme == "https") && parts.Host != ""
}

func fill(setting *string, name string) {
	if *setting == "" {
		*setting = os.Getenv(name)
	}
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SendNotification sends an event, with the environment as it is at the moment of the call. At most one Options.
func SendNotification(ctx context.Context, eventType string, payload Payload, variables Variables, options ...Options) (*Result, error) {
	client, err := New(Config{})
	if err != nil {
		return nil, err
	}
	return client.SendNotification(ctx, eventType, payload, variables, options...)
}

// RequestRealtimeToken asks for a token, with the environment as it is at the moment of the call.
func RequestRealtimeToken(ctx context.Context, userID string) (*RealtimeToken, error) {
	client, err := New(Config{})
	if err != nil {
		return nil, err
	}
	return client.RequestRealtimeToken(ctx, userID)
}

// SendNotification sends an event. At most one Options.
func (c *Client) SendNotification(ctx context.Context, eventType string, payload Payload, variables Variables, options ...Options) (*Result, error) {
	sayPreflight(c.config.Logger)
	event, headers, err := eventOf(eventType, payload, variables, options)
	if err != nil {
		return nil, err
	}
	result := Result{EventID: event.EventID}
	answer, err := c.call(ctx, http.MethodPost, "/api/v1/events/trigger", event, headers, &result)
	if err != nil {
		return nil, err
	}
	result.Replayed = answer.Get("Idempotency-Replayed") == "true"
	return &result, nil
}

// RequestRealtimeToken asks for what a browser needs to listen. Hand it out to the user it names and nobody else.
func (c *Client) RequestRealtimeToken(ctx context.Context, userID string) (*RealtimeToken, error) {
	var token RealtimeToken
	body := map[string]string{"userId": userID}
	if _, err := c.call(ctx, http.MethodPost, "/api/v1/auth/realtime-token", body, nil, &token); err != nil {
		return nil, err
	}
	return &token, nil
}

// History is a page of what the user was told, newest first; a limit of 0 is the server's own (50).
func (c *Client) History(ctx context.Context, userID string, limit, offset int) ([]HistoryItem, error) {
	path, err := c.feedOf(userID)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if offset != 0 {
		query.Set("offset", strconv.Itoa(offset))
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	var page struct{ Data []HistoryItem }
	_, err = c.call(ctx, http.MethodGet, path, nil, nil, &page)
	return page.Data, err
}

// MarkRead marks one notification.
func (c *Client) MarkRead(ctx context.Context, userID, notificationID string) error {
	path, err := c.feedOf(userID)
	if err == nil {
		_, err = c.call(ctx, http.MethodPut, path+"/"+url.PathEscape(notificationID)+"/read", nil, nil, nil)
	}
	return err
}

// CancelNotification takes back an event that was sent with SendAt and has not happened yet.
func (c *Client) CancelNotification(ctx context.Context, eventID string) error {
	_, err := c.call(ctx, http.MethodDelete, "/api/v1/events/"+url.PathEscape(eventID), nil, nil, nil)
	return err
}

func (c *Client) feedOf(userID string) (string, error) {
	if c.config.TenantID == "" {
		return "", configError("ORQESTRA_TENANT_ID is not set: the id of your tenant")
	}
	return "/api/v1/notifications/" + url.PathEscape(c.config.TenantID) + "/" + url.PathEscape(userID), nil
}
