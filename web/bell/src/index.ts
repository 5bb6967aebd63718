// index.ts: the module. Importing it defines <orqestra-bell>; a second copy on the same page does no harm.
import { OrqestraBell } from './element';

export { OrqestraBell };
export type { Item } from './feed';
export type { GetToken } from './session';
export type { Strings } from './strings';
export type { ItemContext, RenderItem } from './views';

if (!customElements.get('orqestra-bell')) customElements.define('orqestra-bell', OrqestraBell);
