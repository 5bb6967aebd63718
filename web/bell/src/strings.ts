// strings.ts: every word the bell says. `strings` of the element overrides any of them.

export interface Strings {
    title: string;
    /** The name of the button: what it is, and how much waits. */
    label: (unread: number) => string;
    readAll: string;
    close: string;
    unread: string;
    loading: string;
    empty: string;
    emptyHint: string;
    offline: string;
    /** Nothing was loaded before the connection went. */
    offlineEmpty: string;
    refused: string;
    retry: string;
    markFailed: string;
    moreFailed: string;
    loadFailed: string;
    arrived: (title: string) => string;
}

export const ENGLISH: Strings = {
    title: 'Notifications',
    label: (unread) => (unread ? `Notifications, ${unread} unread` : 'Notifications, none unread'),
    readAll: 'Mark all as read',
    close: 'Close',
    unread: 'Unread',
    loading: 'Loading notifications',
    empty: 'You are all caught up',
    emptyHint: 'New notifications show up here.',
    offline: 'You are offline. Showing what was loaded before.',
    offlineEmpty: 'You are offline. Notifications load when the connection is back.',
    refused: 'Notifications cannot be shown: the sign-in was refused or has expired.',
    retry: 'Try again',
    markFailed: 'That could not be marked as read.',
    loadFailed: 'Notifications could not be loaded.',
    moreFailed: 'Older notifications could not be loaded.',
    arrived: (title) => `New notification: ${title}`,
};
