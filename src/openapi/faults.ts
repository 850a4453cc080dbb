import type { RequestFault } from '../problem.ts'
import { pointerStep } from './json.ts'
import type { CheckError } from './run-checks.ts'

/** The most that one answer tells of. */
export const MAX_FAULTS = 20
/** Characters of a detail, and of a pointer. */
const MAX_TEXT = 300

/**
 * What a check found, in words for the client.
 *
 * @param at - Where in the request the value stands.
 * @param below - What of the errors' own paths stands before the value.
 */
export function faultsOf(
  errors: readonly CheckError[] | null | undefined,
  at: string,
  below = ''
): RequestFault[] {
  const found = new Map<string, RequestFault>()
  for (const { instancePath, keyword, message = 'is not valid', params } of errors ?? []) {
    // What is behind a condition says it better.
    if (keyword === 'if' || found.size >= MAX_FAULTS) continue
    const [place, detail] = toldOf(keyword, message, params)
    const pointer = clipped(at + instancePath.slice(below.length) + place)
    found.set(`${pointer} ${detail}`, { pointer, detail: clipped(detail) })
  }
  return [...found.values()]
}

/** Where it is, below the value that the error is about, and what. */
function toldOf(
  keyword: string,
  message: string,
  params: CheckError['params']
): [place: string, detail: string] {
  const { missingProperty, additionalProperty, unevaluatedProperty, allowedValues, allowedValue } = params
  if (keyword === 'required') return [pointerStep(String(missingProperty)), 'is required']
  const unknown = additionalProperty ?? unevaluatedProperty
  if (typeof unknown === 'string') return [pointerStep(unknown), 'is not known here']
  if (keyword === 'enum') return ['', `must be one of ${JSON.stringify(allowedValues).slice(1, -1)}`]
  if (keyword === 'const') return ['', `must be ${JSON.stringify(allowedValue)}`]
  return ['', message]
}

function clipped(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
}
