import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { Format } from 'ajv'

/** Texts of a format that is checked have no more characters: the expressions take time by their square. */
const MAX_LENGTH = 2048

/** Formats of texts that are checked; of others, such as `password` and `binary`, nothing is asked. */
const TEXTS = [
  'date',
  'time',
  'date-time',
  'duration',
  'uri',
  'uri-reference',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'json-pointer'
] as const

/** The formats that requests are checked for. */
export const FORMATS: Readonly<Record<string, Format>> = {
  ...Object.fromEntries(TEXTS.map((name) => [name, bounded(fullFormats[name])])),
  int32: fullFormats.int32,
  int64: fullFormats.int64
}

function bounded(format: Format): (text: string) => boolean {
  const check = typeof format === 'object' && 'validate' in format ? format.validate : format
  return (text) => {
    if (text.length > MAX_LENGTH) return false
    return check instanceof RegExp ? check.test(text) : (check as (text: string) => boolean)(text)
  }
}
