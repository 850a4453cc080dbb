import { bodyParts } from './llhttp.ts'

/**
 * The most bytes in front of one part of the body: what frames a chunk.
 *
 * @param earlier - How many were there already.
 */
export function widestGap(earlier: number): number {
  let widest = 0
  for (let index = 0, last = -earlier; index < bodyParts.length; index += 2) {
    widest = Math.max(widest, bodyParts[index]! - last)
    last = bodyParts[index + 1]!
  }
  return widest
}

/** The parts that the parser found of a body, as one: chunks mean nothing, and fewer writes cost less. */
export function joinedParts(bytes: Buffer, start: number): Buffer {
  let length = 0
  for (let index = 0; index < bodyParts.length; index += 2)
    length += bodyParts[index + 1]! - bodyParts[index]!
  const joined = Buffer.allocUnsafe(length)
  let at = 0
  for (let index = 0; index < bodyParts.length; index += 2)
    at += bytes.copy(joined, at, start + bodyParts[index]!, start + bodyParts[index + 1]!)
  return joined
}
