// live.ts: the socket, on the official centrifuge client. It reconnects by itself; this file says what
// is to be known about that: the state to show, each publication, and the moments to read the history.
import { Centrifuge, UnauthorizedError } from 'centrifuge';
import { ApiError, type Session } from './api';

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface LiveEvents {
    state(state: LiveState): void;
    publication(data: Record<string, unknown>): void;
    /** Every channel is subscribed: from here on nothing is missed, so what came before may be fetched. */
    listening(): void;
}

export function goLive(session: Session, signIn: () => Promise<Session>, events: LiveEvents): Centrifuge {
    const url = new URL('/connection/websocket', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

    const getToken = async (): Promise<string> => {
        try {
            return (await signIn()).token;
        } catch (error) {
            // Refused is final; anything else (the server restarts, say) the client tries again later.
            if (error instanceof ApiError && [401, 403, 404].includes(error.status)) throw new UnauthorizedError(error.message);
            throw error;
        }
    };
    const client = new Centrifuge(url.href, { token: session.token, getToken });

    let wasLive = false;
    client.on('connecting', () => events.state(wasLive ? 'reconnecting' : 'connecting'));
    client.on('disconnected', () => events.state('offline'));

    const subscriptions = session.channels.map((channel) => client.newSubscription(channel));
    for (const subscription of subscriptions) {
        subscription.on('publication', (ctx) => events.publication(ctx.data));
        subscription.on('subscribed', () => {
            if (!subscriptions.every((s) => s.state === 'subscribed')) return;
            wasLive = true;
            events.state('live');
            events.listening();
        });
        subscription.on('unsubscribed', () => events.state('offline'));
        subscription.subscribe();
    }
    client.connect();
    return client;
}
