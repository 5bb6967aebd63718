// Random templates with random data, the same for the same seed. The names in the templates are the
// keys of the data, so that most paths find something; now and then one does not, and now and then a
// template is broken by cutting or doubling a piece of it.

/** mulberry32: small, seeded, good enough to pick things. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const KEYS = ['a', 'b', 'c', 'name', 'items', 'user', 'x1', '0', '7', 'über', 'with space', 'length', 'constructor', '__proto__'];
const STRINGS = ['', 'text', '<b>"q"</b>', "it's `=` & more", 'ünï — ☃ 😀', '{{a}}', ' ', '0', 'a', 'items', '1', '\n', 'tab\there', '\\', '<', 'null', '[object Object]'];
const NUMBERS = [0, 1, -1, 2, 42, 0.1, -0.5, 1e21, 1e-7, 123456789012345680000, 1.5e300, 5e-324, 0.000001, 100, 12.5, 2 ** 53, 2 ** 31, 1 / 3, -0, 1e20, 255];
const SPACES = ['', '', ' ', '\n', '  \n', '\n  ', '\r\n', '\t', ' \n \n ', 'x\n', '\u00a0', '\ny  '];
const TEXTS = ['Hello', ' ', '\n', '<p>', 'a\n', '\n  b', '  ', ', ', '\\', '\\\\', '}', '}}', '{ ', 'ä', '\r\n', '.'];

export class Generator {
  constructor(random) {
    this.random = random;
  }
  below(n) {
    return Math.floor(this.random() * n);
  }
  pick(list) {
    return list[this.below(list.length)];
  }
  chance(p) {
    return this.random() < p;
  }
  many(max, make) {
    return Array.from({ length: this.below(max + 1) }, make);
  }

  // data

  value(depth) {
    const kind = this.below(depth > 0 ? 12 : 7);
    if (kind < 3) return this.pick(STRINGS);
    if (kind < 5) return this.number();
    if (kind === 5) return this.chance(0.5);
    if (kind === 6) return null;
    if (kind < 9) return this.many(4, () => this.value(depth - 1));
    return this.object(depth - 1);
  }
  number() {
    const kind = this.below(10);
    if (kind < 7) return this.pick(NUMBERS);
    if (kind === 7) return (this.random() - 0.5) * 10 ** (this.below(60) - 30);
    if (kind === 8) return 2 ** (this.below(2098) - 1074);
    const bits = new Uint32Array([this.random() * 2 ** 32, this.random() * 2 ** 32]);
    const [any] = new Float64Array(bits.buffer);
    return Number.isFinite(any) ? any : 0;
  }
  object(depth) {
    const object = {};
    for (const key of this.many(5, () => this.pick(KEYS)))
      Object.defineProperty(object, key, { value: this.value(depth), enumerable: true, configurable: true, writable: true });
    return object;
  }

  // templates

  space() {
    return this.chance(0.15) ? this.pick([' ', '\n', '  ']) : '';
  }
  segment() {
    const key = this.pick(KEYS);
    return key.includes(' ') || this.chance(0.1) ? `[${key}]` : key;
  }
  /** A number at the end of a path needs brackets in handlebars.js (not in ours; see cases.json). */
  path(names) {
    return this.anyPath(names).replace(/([./])(\d+)$/, '$1[$2]');
  }
  anyPath(names) {
    const parts = Array.from({ length: 1 + (this.chance(0.3) ? this.below(3) : 0) }, () => this.segment());
    const separator = this.chance(0.1) ? '/' : '.';
    const kind = this.below(14);
    if (kind === 0) return 'this';
    if (kind === 1) return `this${separator}${parts.join(separator)}`;
    if (kind === 2) return this.pick(['.', '..', '../..']);
    if (kind === 3) return `../${this.chance(0.2) ? '../' : ''}${parts.join(separator)}`;
    if (kind === 4) return `./${parts.join(separator)}`;
    if (kind === 5) return this.pick(['@index', '@key', '@first', '@last', '@root', '@../index', '@../key', '@../first', '@nothing', '@../../index']);
    if (kind === 6) return `@root.${parts.join('.')}`;
    if (names.length > 0 && this.chance(0.4)) return [this.pick(names), ...parts.slice(1)].join(separator);
    // A lone number would be a literal.
    const path = parts.join(separator);
    return /^[0-9]+$/.test(path) ? `[${path}]` : path;
  }
  literal() {
    return this.pick(['"text"', "'it\\'s'", '"a"', '0', '1', '-2', '12.50', 'true', 'false', 'null', 'undefined', '""', '"<&>"']);
  }
  param(names, depth = 2) {
    const kind = this.below(10);
    if (kind < 2) return this.literal();
    if (kind < 4 && depth > 0) return `(lookup ${this.param(names, depth - 1)} ${this.param(names, depth - 1)})`;
    return this.path(names);
  }
  tag(open, inside, close = '}}') {
    const left = this.chance(0.12) ? '~' : '';
    const right = this.chance(0.12) ? '~' : '';
    const mark = open.slice(2);
    const end = close === '}}}' ? `}${right}}}` : `${right}}}`;
    return `{{${left}${mark}${inside}${this.space()}${end}`;
  }
  echo(names) {
    const kind = this.below(10);
    const inside = this.chance(0.15) ? `lookup ${this.param(names)} ${this.param(names)}` : this.path(names);
    if (kind === 0) return this.tag('{{&', inside);
    if (kind < 3) return this.tag('{{{', inside, '}}}');
    if (kind === 3) return `\\{{${inside}}}`;
    return this.tag('{{', this.space() + inside);
  }
  comment() {
    return this.pick(['{{! note }}', '{{!-- a }} b --}}', '{{!}}', '{{~! x ~}}', '{{!----}}', '{{!-- x --~}}', '{{!--}}']);
  }
  branches(names, depth, chain) {
    let out = this.pick(SPACES) + this.body(names, depth - 1);
    while (chain && this.chance(0.2))
      out += this.tag('{{', `else ${this.pick(['if', 'unless', 'with', 'each'])} ${this.param(names)}`) + this.body(names, depth - 1);
    if (this.chance(0.4)) out += this.pick(['{{else}}', '{{^}}', '{{~else~}}', '{{else~}}', '{{ else }}']) + this.pick(SPACES) + this.body(names, depth - 1);
    return out;
  }
  block(names, depth) {
    const kind = this.below(7);
    const mark = this.chance(0.1) ? '{{^' : '{{#';
    const around = (name, opening, inner) => {
      const first = this.pick(SPACES);
      const rest = this.branches(names, depth, mark === '{{#');
      return this.tag(mark, opening) + (inner ?? '') + first + rest + this.tag('{{/', name) + this.pick(SPACES);
    };
    if (kind < 2) return around('if', `if ${this.param(names)}${this.chance(0.2) ? ` includeZero=${this.param(names)}` : ''}`);
    if (kind === 2) return around('unless', `unless ${this.param(names)}`);
    if (kind < 5) {
      const helper = kind === 3 ? 'each' : 'with';
      if (mark === '{{#' && this.chance(0.3)) {
        const given = this.pick([['v'], ['v', 'k'], ['a', 'k', 'z']]);
        return around(helper, `${helper} ${this.param(names)} as |${given.join(' ')}|`, this.body([...names, ...given], depth - 1));
      }
      return around(helper, `${helper} ${this.param(names)}`);
    }
    const path = this.path(names);
    return around(path, path);
  }
  body(names, depth) {
    let out = '';
    for (let i = this.below(5); i > 0; i--) {
      const kind = this.below(10);
      if (kind < 3) out += this.pick(TEXTS);
      else if (kind < 7) out += this.echo(names);
      else if (kind === 7) out += this.pick(SPACES) + this.comment() + this.pick(SPACES);
      else if (depth > 0) out += this.pick(SPACES) + this.block(names, depth);
    }
    return out;
  }
  broken(template) {
    const at = this.below(template.length + 1);
    const end = at + this.below(6);
    return this.chance(0.5) ? template.slice(0, at) + template.slice(end) : template.slice(0, end) + template.slice(at);
  }
}

/** @returns {{name: string, template: string, data: unknown, escape: boolean}[]} */
export function generate(count, seed) {
  return Array.from({ length: count }, (_, i) => {
    const g = new Generator(randomFrom(seed * 1000003 + i));
    const data = g.chance(0.05) ? g.value(3) : g.object(4);
    let template = g.body([], 4);
    const broken = g.chance(0.08);
    if (broken) template = g.broken(template);
    return { name: `generated ${seed}/${i}`, template, data, escape: g.chance(0.5), broken };
  });
}
