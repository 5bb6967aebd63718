// index.ts: the module. Most pages have one user: these functions share one client. `OrqestraClient` is there
// for those that have more.
import { OrqestraClient } from './client.js';

export { OrqestraClient } from './client.js';
export { OrqestraError } from './errors.js';
export type * from './types.js';

const shared = new OrqestraClient();

export const configure = shared.configure.bind(shared);
export const requestRealtimeToken = shared.requestRealtimeToken.bind(shared);
export const connectRealtime = shared.connectRealtime.bind(shared);
export const disconnectRealtime = shared.disconnectRealtime.bind(shared);
export const history = shared.history.bind(shared);
export const markRead = shared.markRead.bind(shared);
export const markAllRead = shared.markAllRead.bind(shared);
export const unreadCount = shared.unreadCount.bind(shared);
export const onState = shared.onState.bind(shared);
export const onConnection = shared.onConnection.bind(shared);
