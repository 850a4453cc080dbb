/**
 * Hash of a text, the same on every gateway and over restarts: FNV-1a over its UTF-16 code units, finished by
 * {@link mix32}, since FNV alone hardly spreads the last characters over the upper bits.
 *
 * Not for secrets, and not against somebody who looks for keys that collide.
 *
 * @returns An unsigned 32-bit integer.
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return mix32(hash)
}

/**
 * Spreads every bit of a word over all of them, one to one: the finalizer of MurmurHash3.
 *
 * @returns An unsigned 32-bit integer.
 * @see https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function mix32(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
