import type { Chance } from './chance.ts'

const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const VALUE =
  ' \t!"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x80\x85\xa0\xc3\xa9\xff'

/** A name that says nothing about the message. */
export function randomName(chance: Chance): string {
  return `X-${chance.text(TOKEN, 1 + chance.below(20))}`
}

/** Any text that a field may hold, from nothing to some hundred bytes. */
export function randomValue(chance: Chance): string {
  const length = chance.oneIn(10) ? chance.below(800) : chance.below(40)
  return chance.text(VALUE, length).replace(/^[ \t]+|[ \t]+$/g, '')
}

/** Fields out of a list of familiar ones, out of any, and repeated ones, in any order. */
export function randomFields(chance: Chance, count: number, familiar: readonly string[]): string[] {
  const fields: string[] = []
  for (let index = 0; index < count; index++) {
    const isRepeated = fields.length > 0 && chance.oneIn(5)
    let name = randomName(chance)
    if (isRepeated) name = recased(chance, fields[2 * chance.below(fields.length / 2)]!)
    else if (chance.oneIn(3)) name = recased(chance, chance.pick(familiar))
    fields.push(name, randomValue(chance))
  }
  return fields
}

/** The same name in another case, at times. */
export function recased(chance: Chance, name: string): string {
  if (chance.oneIn(4)) return name.toLowerCase()
  return chance.oneIn(6) ? name.toUpperCase() : name
}

/** Puts a field somewhere between the others. */
export function insertField(chance: Chance, fields: string[], name: string, value: string): void {
  fields.splice(2 * chance.below(fields.length / 2 + 1), 0, name, value)
}

/** The lines of fields, with any white space that may stand around a value (RFC 9112 section 5). */
export function fieldLines(chance: Chance, fields: readonly string[]): string {
  let lines = ''
  for (let index = 0; index < fields.length; index += 2) {
    // Around what frames the message, parsers are entitled to be wary of odd white space.
    const isFraming = /^(?:content-length|transfer-encoding)$/i.test(fields[index]!)
    const [before, after] = isFraming ? [' ', ''] : [blanks(chance), blanks(chance)]
    lines += `${fields[index]}:${before}${fields[index + 1]}${after}\r\n`
  }
  return lines
}

function blanks(chance: Chance): string {
  return chance.oneIn(3) ? chance.text(' \t', chance.below(4)) : ' '
}
