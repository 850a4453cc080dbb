import type { Errand } from './errand.ts'
import { Keystream } from './keystream.ts'

/** How a request ended for its client. */
export type Ending =
  /** A whole response came. */
  | 'complete'
  /** The connection broke before that. */
  | 'broken'
  /** Nothing came for so long that the client gave up. */
  | 'unanswered'
  /** The client left, as it was meant to. */
  | 'left'

/** What its client saw of a request. */
export interface Outcome {
  readonly errand: Errand
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
  readonly ending: Ending
  /** 0 when no head of a response came. */
  readonly status: number
  /** Code of the error that it ended with. */
  readonly error: string | undefined
  /** What was wrong with what came; undefined when all bytes that came were right. */
  readonly wrong: string | undefined
}

/** What came of a response, compared as it comes with what should. */
export class Sight {
  readonly errand: Errand
  readonly #expected: Keystream
  #bytes = 0
  /** Of a response that is not what was asked for. */
  #text = ''
  /** 0 until a head came. */
  status = 0
  wrong: string | undefined

  constructor(errand: Errand) {
    this.errand = errand
    this.#expected = new Keystream(errand.id)
  }

  get isAll(): boolean {
    return this.#bytes === this.errand.size
  }

  /** A head came. @param id - The request's, as the head has it. */
  begin(status: number, id: string | string[] | undefined): void {
    this.status = status
    if (status !== 101 && id !== this.errand.id) this.wrong = `the answer to ${String(id)}`
  }

  take(piece: Buffer): void {
    this.#bytes += piece.length
    if (!this.#isWanted) this.#text += piece.toString()
    else if (!this.#expected.matches(piece)) this.wrong ??= `other bytes before ${this.#bytes}`
  }

  /** It is said that this was all. */
  complete(): void {
    if (this.#isWanted && !this.isAll) this.wrong ??= `${this.#bytes} bytes instead of ${this.errand.size}`
    else if (!this.#isWanted && !isProblem(this.#text, this.errand.id)) this.wrong ??= `no problem document`
  }

  get #isWanted(): boolean {
    return this.status === 200 || this.status === 101
  }
}

function isProblem(text: string, id: string): boolean {
  try {
    return (JSON.parse(text) as { requestId?: unknown }).requestId === id
  } catch {
    return false
  }
}
