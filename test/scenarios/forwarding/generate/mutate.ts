import type { Chance } from './chance.ts'

/** What parsers trip over. */
const NASTY = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x80',
  '\xa0',
  '\xff',
  '%00',
  '%0d%0a',
  '#',
  '0\r\n\r\n',
  '\r\n ',
  'Content-Length: 7\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Host: evil.test\r\n',
  'Connection: close\r\n',
  'Connection: Upgrade\r\nUpgrade: x\r\n',
  'Expect: 100-continue\r\n',
  'HTTP/1.1',
  'HTTP/1.0',
  'GET /inserted HTTP/1.1\r\nHost: a\r\n\r\n',
  '999999999999999999999',
  '-1',
  '../',
  'x'.repeat(9000)
]

type Mutation = (chance: Chance, text: string, at: number) => string

const MUTATIONS: readonly Mutation[] = [
  // A bit.
  (chance, text, at) => replace(text, at, 1, flipped(text, at, 1 << chance.below(8))),
  // Any other byte.
  (chance, text, at) => replace(text, at, 1, String.fromCodePoint(chance.below(256))),
  (chance, text, at) => replace(text, at, 0, chance.pick(NASTY)),
  (chance, text, at) => replace(text, at, 1 + chance.below(chance.pick([1, 1, 4, 60])), ''),
  (chance, text, at) => replace(text, at, 0, text.slice(at, at + 1 + chance.below(80))),
  // The lines, which are what a message consists of.
  (chance, text) => onLines(chance, text, (line) => [line, line]),
  (chance, text) => onLines(chance, text, () => []),
  (chance, text) => onLines(chance, text, (line) => [` ${line}`]),
  (chance, text) => onLines(chance, text, (line) => [line.replace(':', ' :')]),
  (chance, text) => onLines(chance, text, (line) => [`${chance.pick(NASTY)}${line}`]),
  (chance, text) => onLines(chance, text, (line) => [`${line}${chance.pick(NASTY)}`]),
  (chance, text) => onLines(chance, text, (line) => [line.replace(/\d+/, () => String(chance.below(300)))]),
  (chance, text) =>
    onLines(chance, text, (line) => [line.replace(/[0-9a-f]+/i, chance.pick(['0', '1', 'ff', 'G', '']))]),
  (chance, text) => {
    const ends = [...text.matchAll(/\r\n/g)]
    return ends.length === 0
      ? text
      : replace(text, chance.pick(ends).index, 2, chance.pick(['\n', '\r', '\n\r', '\r\r\n', '']))
  },
  (_chance, text, at) => text.slice(0, at),
  (_chance, text, at) => text.slice(at)
]

/** Damages bytes, latin1, in some places. */
export function mutate(chance: Chance, text: string, times: number): string {
  let mutated = text
  for (let count = times; count > 0; count--) {
    // Most places are in bodies and values; the lines of heads are what matters.
    const head = Math.max(1, mutated.indexOf('\r\n\r\n'))
    const at = chance.below(chance.oneIn(2) ? head : mutated.length)
    mutated = chance.pick(MUTATIONS)(chance, mutated, at)
  }
  return mutated
}

function replace(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length)
}

function flipped(text: string, at: number, bit: number): string {
  return at < text.length ? String.fromCodePoint(text.charCodeAt(at) ^ bit) : ''
}

function onLines(chance: Chance, text: string, change: (line: string) => string[]): string {
  const lines = text.split('\r\n')
  const at = chance.below(lines.length)
  return lines.toSpliced(at, 1, ...change(lines[at]!)).join('\r\n')
}
