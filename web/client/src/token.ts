// token.ts: where tokens come from: the application's own getToken, or with the API key the server itself.
import { OrqestraError } from './errors.js';
import type { RealtimeToken, Settings } from './types.js';

export async function fetchToken(settings: Settings, base: URL, userId: string): Promise<RealtimeToken> {
    if (settings.getToken) return whole(await settings.getToken(userId), userId);
    if (!settings.apiKey) throw new OrqestraError(422, 'configure() needs getToken, or an apiKey in a trusted place');
    const response = await fetch(new URL('api/v1/auth/realtime-token', base), {
        method: 'POST', cache: 'no-store',
        headers: { 'Content-Type': 'application/json', 'x-api-key': settings.apiKey },
        body: JSON.stringify({ userId }),
    }).catch(() => { throw new OrqestraError(0, 'The server cannot be reached.'); });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return whole(answer, userId);
    throw new OrqestraError(response.status, [].concat(answer.message ?? `The server answered ${response.status}.`).join('; '));
}

function whole(answer: RealtimeToken | string, userId: string): RealtimeToken {
    const { token, channels } = typeof answer === 'string' ? { token: answer, channels: undefined } : answer ?? {};
    if (typeof token !== 'string' || !token) throw new OrqestraError(422, 'getToken gave no token');
    return { token, channels: channels ?? [`global_system#${userId}`] };
}
