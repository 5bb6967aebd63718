// demo.ts: the demo page, wired. Data goes one way: api and live -> feed -> view.
import { keepTicking } from './ago';
import { Api } from './api';
import { compose } from './compose';
import { find } from './dom';
import { Feed, itemFromHistory, itemFromPublication } from './feed';
import { goLive, type LiveState } from './live';
import { FeedView, showUnread, toast } from './view';

const STATE_WORDS: Record<LiveState, string> = {
    connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', offline: 'Offline',
};
const SIGN_IN_RETRY_MS = 3000;

const api = new Api();
const view = new FeedView(find('feed'), find('empty'), read);
const form = compose(api);
const feed = new Feed(() => {
    const unread = feed.unread.length;
    view.show(feed.items);
    showUnread(unread, find('bell'), find('badge'));
    find('read-all').hidden = unread === 0;
});

function setState(state: LiveState): void {
    find('connection').dataset.state = state;
    find('connection-text').textContent = STATE_WORDS[state];
}

function complain(error: unknown): void {
    find('feed-error').textContent = error ? (error as Error).message : '';
}

/** Shown at once, then made durable; taken back when the server says no. */
async function read(id: string): Promise<void> {
    if (!feed.unread.some((item) => item.id === id)) return;
    feed.setRead(id, true);
    try {
        await api.markRead(id);
        complain(null);
    } catch (error) {
        feed.setRead(id, false);
        complain(error);
    }
}

async function fetchHistory(): Promise<void> {
    try {
        feed.merge((await api.history()).map(itemFromHistory));
        complain(null);
    } catch (error) {
        complain(error);
    }
}

function arrive(data: Record<string, unknown>): void {
    for (const item of feed.merge([itemFromPublication(data)])) {
        view.arrived(item);
        toast(item, find('toasts'));
        ring();
    }
}

function ring(): void {
    const bell = find('bell');
    bell.classList.remove('ringing');
    void bell.offsetWidth;      // lets the animation start anew
    bell.classList.add('ringing');
}

async function start(): Promise<void> {
    try {
        const session = await api.signIn();
        find('user').textContent = session.userId;
        form.refresh();
        complain(null);
        goLive(session, () => api.signIn(), { state: setState, publication: arrive, listening: fetchHistory });
    } catch (error) {
        setState('offline');
        complain(error);
        setTimeout(start, SIGN_IN_RETRY_MS);
    }
}

find('bell').addEventListener('click', () => {
    const [newest] = feed.unread;
    if (newest) view.focus(newest.id);
    else find('feed-title').focus();
});
find('read-all').addEventListener('click', () => feed.unread.forEach(({ id }) => void read(id)));
keepTicking(find('feed'));
void start();
