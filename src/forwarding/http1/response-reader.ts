import { joinedParts, widestGap } from './body-parts.ts'
import {
  bodyParts,
  endsWithConnection,
  execute,
  freeParser,
  head,
  httpVersion,
  MAX_INPUT,
  newParser,
  Parsed,
  Part,
  parts,
  resetParser,
  resumeParser,
  taken
} from './llhttp.ts'
import { bodyLength, CHUNKED, INVALID, saysClose, trimmed, UNTIL_CLOSE } from './response-framing.ts'

/** Who hears of a response while it is read. Headers and trailers are names and values in turn, as latin1. */
export interface ResponseListener {
  /** An interim response: any 1xx but 101. */
  onInformation(status: number, statusText: string, headers: string[]): void
  onHead(status: number, statusText: string, headers: string[]): void
  onBody(chunk: Buffer): void
}

/** What became of the bytes that were read. */
export const Read = {
  /** All were taken and more are to come. */
  more: 0,
  /** The response is complete; {@link ResponseReader.position} tells where. */
  done: 1,
  /** The backend switched protocols: what follows is no HTTP. */
  switched: 2,
  /** No HTTP, or none that is safe to pass on. */
  failed: 3
} as const

export type Read = (typeof Read)[keyof typeof Read]

const State = { idle: 0, head: 1, length: 2, chunked: 3, untilClose: 4 } as const

/** A head is parsed in pieces of this size: behind most of them, a body begins that llhttp need not see. */
const HEAD_PIECE = 4096
/** A part of the body that is at least this long is worth more than the rest of the buffer that it keeps alive. */
const KEEP_FROM = 32_768
const FIRST_BYTE = 'H'.charCodeAt(0)
/** Reason phrases may hold these only (RFC 9112 section 4); llhttp lets more pass. */
const NO_REASON_PHRASE = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Reads the responses of one connection, one after the other. llhttp parses heads and chunked bodies; bodies of a known
 * length and those that end with the connection are only cut off, without a copy into the parser's memory.
 *
 * Stricter than llhttp where a proxy must be: see {@link bodyLength}; also only HTTP/1.0 and 1.1, no bytes before the
 * status line, status 100 or above, no control characters in the reason phrase.
 */
export class ResponseReader {
  readonly #parser = newParser()
  readonly #maxHead: number
  #listener: ResponseListener | undefined
  #state: number = State.idle
  #noBody = false
  /** Bytes of the head so far, or bytes since the last ones of a chunked body. */
  #overhead = 0
  #rest = 0
  #resumeFirst = false
  #mayKeep = false
  #lastPart: number = Part.reason

  /** Where a complete response ended in the bytes last read. */
  position = 0
  status = 0
  statusText = ''
  /** Of the head, then of the trailers. */
  fields: string[] = []
  /** Whether the connection may carry another request; known from the head on. */
  keepAlive = false
  /** Whether the listener got a part of the bytes last read, not a copy. */
  kept = false
  /** Whether the response, or an interim one, has begun. */
  begun = false

  /** @param maxHead - The most bytes of a head, of the trailers, and of what frames a chunk. */
  constructor(maxHead: number) {
    this.#maxHead = maxHead
  }

  /** Expects the response to a request. */
  begin(method: string, listener: ResponseListener): void {
    this.#listener = listener
    this.#noBody = method === 'HEAD'
    this.begun = false
    this.#expectHead()
  }

  /** Frees the parser; nothing is read any more. */
  end(): void {
    this.stop()
    freeParser(this.#parser)
  }

  /** Says nothing more to the listener. */
  stop(): void {
    this.#listener = undefined
    this.#state = State.idle
  }

  /** Whether the connection's end is the response's end. */
  get endsWithConnection(): boolean {
    return this.#state === State.untilClose
  }

  /**
   * @param end - How many of the bytes count.
   * @param mayKeep - Whether large parts of them may be passed on without a copy; else they may be overwritten.
   */
  read(bytes: Buffer, end: number, mayKeep: boolean): Read {
    this.position = 0
    this.#mayKeep = mayKeep
    this.kept = false
    let result: Read = Read.more
    while (result === Read.more && this.position < end) {
      if (this.#state === State.head) result = this.#readHead(bytes, end)
      else if (this.#state === State.length) result = this.#readLength(bytes, end)
      else if (this.#state === State.chunked) result = this.#readChunked(bytes, end)
      else if (this.#state === State.untilClose) this.#pass(bytes, end)
      else return Read.more
    }
    return result
  }

  #expectHead(): void {
    resetParser(this.#parser)
    this.#state = State.head
    this.#overhead = 0
    this.statusText = ''
    this.fields = []
    this.#lastPart = Part.reason
  }

  #readHead(bytes: Buffer, end: number): Read {
    const start = this.position
    // llhttp also takes RTSP and ICE, and empty lines before them.
    if (this.#overhead === 0 && bytes[start] !== FIRST_BYTE) return Read.failed
    this.begun = true
    const parsed = execute(this.#parser, bytes, start, Math.min(end, start + HEAD_PIECE))
    this.position += taken
    this.#overhead += taken
    if (parsed === Parsed.error || this.#overhead > this.#maxHead) return Read.failed
    this.#collect(bytes, start)
    return parsed === Parsed.head ? this.#headComplete() : Read.more
  }

  #headComplete(): Read {
    const { status } = head
    const version = httpVersion(this.#parser)
    const { fields } = this
    trimmed(fields)
    if ((version !== 11 && version !== 10) || status < 100 || NO_REASON_PHRASE.test(this.statusText))
      return Read.failed
    this.status = status
    if (status === 101) return Read.switched
    if (status < 200) {
      const { statusText } = this
      this.#expectHead()
      this.#listener!.onInformation(status, statusText, fields)
      return Read.more
    }
    const length = bodyLength(fields)
    if (length === INVALID) return Read.failed
    const noBody = this.#noBody || status === 204 || status === 304
    // llhttp does not know every white space that may surround the word.
    if (length === CHUNKED && !noBody && endsWithConnection(this.#parser)) return Read.failed
    // llhttp takes a response without a length to end with its connection, even one that has no body at all.
    this.keepAlive = head.keepAlive || (noBody && version === 11 && !saysClose(fields))
    // HTTP/1.0 knows no chunks: the sender is confused (RFC 9112 section 6.1).
    if (length === CHUNKED && version === 10) this.keepAlive = false
    this.fields = []
    this.#lastPart = Part.reason
    this.#overhead = 0
    this.#expectBody(noBody ? 0 : length)
    this.#listener!.onHead(status, this.statusText, fields)
    return this.#state === State.length && this.#rest === 0 ? this.#done() : Read.more
  }

  #expectBody(length: number): void {
    if (length === CHUNKED) {
      this.#state = State.chunked
      this.#resumeFirst = true
    } else if (length === UNTIL_CLOSE) this.#state = State.untilClose
    else {
      this.#state = State.length
      this.#rest = length
    }
  }

  #readLength(bytes: Buffer, end: number): Read {
    const until = Math.min(end, this.position + this.#rest)
    this.#rest -= until - this.position
    this.#pass(bytes, until)
    return this.#rest === 0 ? this.#done() : Read.more
  }

  #pass(bytes: Buffer, until: number): void {
    const chunk = this.#part(bytes, this.position, until)
    this.position = until
    this.#listener!.onBody(chunk)
  }

  /** A part of the bytes that outlives them. */
  #part(bytes: Buffer, start: number, end: number): Buffer {
    if (this.#mayKeep && end - start >= KEEP_FROM) {
      this.kept = true
      return bytes.subarray(start, end)
    }
    const copy = Buffer.allocUnsafe(end - start)
    bytes.copy(copy, 0, start, end)
    return copy
  }

  #readChunked(bytes: Buffer, end: number): Read {
    const start = this.position
    if (this.#resumeFirst) resumeParser(this.#parser)
    this.#resumeFirst = false
    const parsed = execute(this.#parser, bytes, start, Math.min(end, start + MAX_INPUT))
    this.position += taken
    this.#collect(bytes, start)
    if (bodyParts.length > 0) {
      if (widestGap(this.#overhead) > this.#maxHead) return Read.failed
      this.#overhead = taken - bodyParts.at(-1)!
      this.#listener!.onBody(
        bodyParts.length === 2
          ? this.#part(bytes, start + bodyParts[0]!, start + bodyParts[1]!)
          : joinedParts(bytes, start)
      )
      // The listener may have had enough.
      if (this.#state !== State.chunked) return Read.more
    } else this.#overhead += taken
    if (parsed === Parsed.error || this.#overhead > this.#maxHead) return Read.failed
    if (parsed !== Parsed.message) return Read.more
    trimmed(this.fields)
    return bodyLength(this.fields) === UNTIL_CLOSE ? this.#done() : Read.failed
  }

  #done(): Read {
    this.stop()
    return Read.done
  }

  /** Adds what the parser found to what there is; a part may have begun in earlier bytes. */
  #collect(bytes: Buffer, start: number): void {
    const count = parts.length
    if (count === 0) return
    const first = parts[1]!
    const text = bytes.toString('latin1', start + first, start + parts[count - 1]!)
    const { fields } = this
    for (let index = 0; index < count; index += 3) {
      const kind = parts[index]!
      const part = text.slice(parts[index + 1]! - first, parts[index + 2]! - first)
      if (kind === Part.reason) this.statusText += part
      else if (kind === this.#lastPart) fields[fields.length - 1] += part
      else fields.push(part)
      this.#lastPart = kind
    }
  }
}
