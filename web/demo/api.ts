// api.ts: the calls this page makes. The API key never comes here: the server's demo routes hold it,
// and history and read marks are allowed by the user's own realtime token.

export interface Session {
    userId: string;
    tenantId: string;
    token: string;
    channels: string[];
}

const USER_KEY = 'orqestra.demo.user';

export class ApiError extends Error {
    constructor(readonly status: number, message: string) { super(message); }
}

async function call(method: string, path: string, options: { body?: unknown; token?: string } = {}): Promise<any> {
    const headers: Record<string, string> = {};
    if (options.body !== undefined) headers['Content-Type'] = 'application/json';
    if (options.token) headers.Authorization = `Bearer ${options.token}`;
    const response = await fetch(path, {
        method, headers, body: options.body === undefined ? undefined : JSON.stringify(options.body), cache: 'no-store',
    }).catch(() => { throw new ApiError(0, 'The server cannot be reached.'); });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const said = Array.isArray(answer.message) ? answer.message.join('; ') : answer.message;
    throw new ApiError(response.status, said || `The server answered ${response.status}.`);
}

function remembered(): string | null {
    try { return localStorage.getItem(USER_KEY); } catch { return null; }
}
function remember(userId: string | null): void {
    try {
        if (userId) localStorage.setItem(USER_KEY, userId);
        else localStorage.removeItem(USER_KEY);
    } catch { /* private mode: a new user at each visit */ }
}

export class Api {
    session: Session | null = null;

    /** A fresh token for the user of this browser; the first visit makes one up. */
    async signIn(): Promise<Session> {
        const userId = this.session?.userId ?? remembered();
        try {
            this.session = await call('POST', '/demo/session', { body: userId ? { userId } : {} });
        } catch (error) {
            // A remembered name the server does not like is worth one try without it.
            const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
            if (!userId || this.session || !refused) throw error;
            remember(null);
            this.session = await call('POST', '/demo/session', { body: {} });
        }
        remember(this.session!.userId);
        return this.session!;
    }

    async history(): Promise<Record<string, unknown>[]> {
        return (await this.#own('GET', '')).data ?? [];
    }

    async markRead(id: string): Promise<void> {
        await this.#own('PUT', `/${encodeURIComponent(id)}/read`);
    }

    async trigger(eventType: string, title: string, message: string): Promise<void> {
        const { userId } = this.session ?? await this.signIn();
        await call('POST', '/demo/trigger', { body: { userId, eventType, title, message } });
    }

    /** A call on the user's own feed; an expired token is renewed once. */
    async #own(method: string, path: string): Promise<any> {
        const attempt = ({ tenantId, userId, token }: Session) => call(method,
            `/api/v1/notifications/${encodeURIComponent(tenantId)}/${encodeURIComponent(userId)}${path}`, { token });
        try {
            return await attempt(this.session ?? await this.signIn());
        } catch (error) {
            if (!(error instanceof ApiError) || error.status !== 401) throw error;
            return attempt(await this.signIn());
        }
    }
}
