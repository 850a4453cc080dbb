import { createRequire } from 'node:module'

/**
 * llhttp, the parser of Node's own HTTP, from the WebAssembly build inside the undici package. All that is strict
 * about it stays on: none of its lenient flags is ever set.
 *
 * The callbacks only note where things are and never call out, so the parser can't be entered twice. It stops after
 * each head and after each message; {@link execute} tells where.
 *
 * One instance per thread: WebAssembly runs to its end on each call, so what it notes can be shared by all parsers.
 */
interface LlhttpExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  llhttp_alloc(type: number): number
  llhttp_free(parser: number): void
  llhttp_reset(parser: number): void
  llhttp_resume(parser: number): void
  llhttp_execute(parser: number, data: number, length: number): number
  llhttp_get_error_pos(parser: number): number
  llhttp_get_http_major(parser: number): number
  llhttp_get_http_minor(parser: number): number
  llhttp_message_needs_eof(parser: number): number
  malloc(size: number): number
}

/** TypeScript has WebAssembly's types for browsers only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi }

const RESPONSE = 2
const OK = 0
const PAUSED = 21

/** The most that {@link execute} takes at once, in bytes: what Node reads from a socket at once. */
export const MAX_INPUT = 65_536

/** What {@link execute} came to. */
export const Parsed = {
  /** All input was taken and the message goes on. */
  more: 0,
  /** A head is complete. */
  head: 1,
  /** The message is complete. */
  message: 2,
  /** The input is no HTTP. */
  error: 3
} as const

export type Parsed = (typeof Parsed)[keyof typeof Parsed]

/** What a noted part of the input is. */
export const Part = { reason: 0, name: 1, value: 2 } as const

/** Parts of the head or the trailers that the last {@link execute} found: kind, start and end in turn. */
export const parts: number[] = []

/** Parts of the body that the last {@link execute} found: start and end in turn. */
export const bodyParts: number[] = []

/** The last complete head. */
export const head = { status: 0, keepAlive: false }

/** How many bytes the last {@link execute} took. */
export let taken = 0

let stoppedAt: Parsed = Parsed.more

const llhttp = new WebAssembly.Instance(compile(), {
  env: {
    wasm_on_message_begin: () => OK,
    wasm_on_url: () => OK,
    wasm_on_status: (_parser: number, at: number, length: number) => note(Part.reason, at, length),
    wasm_on_header_field: (_parser: number, at: number, length: number) => note(Part.name, at, length),
    wasm_on_header_value: (_parser: number, at: number, length: number) => note(Part.value, at, length),
    wasm_on_headers_complete: (_parser: number, status: number, _upgrade: number, keepAlive: number) => {
      head.status = status
      head.keepAlive = keepAlive === 1
      stoppedAt = Parsed.head
      return PAUSED
    },
    wasm_on_body: (_parser: number, at: number, length: number) => {
      bodyParts.push(at - input, at - input + length)
      return OK
    },
    wasm_on_message_complete: () => {
      stoppedAt = Parsed.message
      return PAUSED
    }
  }
}).exports as LlhttpExports

const input = llhttp.malloc(MAX_INPUT)
let memory = Buffer.from(llhttp.memory.buffer)

/** Vector instructions parse faster; a machine without them refuses the module. */
function compile(): object {
  const require = createRequire(import.meta.url)
  try {
    return new WebAssembly.Module(require('undici/lib/llhttp/llhttp_simd-wasm.js') as Buffer)
  } catch {
    return new WebAssembly.Module(require('undici/lib/llhttp/llhttp-wasm.js') as Buffer)
  }
}

function note(kind: number, at: number, length: number): number {
  parts.push(kind, at - input, at - input + length)
  return OK
}

/** @returns A handle for a parser of responses, to be given to {@link freeParser} once. */
export function newParser(): number {
  return llhttp.llhttp_alloc(RESPONSE)
}

/** Frees a parser's memory. */
export function freeParser(parser: number): void {
  llhttp.llhttp_free(parser)
}

/** Makes a parser ready for the next message. */
export function resetParser(parser: number): void {
  llhttp.llhttp_reset(parser)
}

/** Lets a parser go on behind a head that it stopped at. */
export function resumeParser(parser: number): void {
  llhttp.llhttp_resume(parser)
}

/**
 * Parses some bytes; what was found is in {@link parts}, {@link bodyParts} and {@link head}, with positions that count
 * from `start`.
 *
 * @param end - At most {@link MAX_INPUT} behind `start`.
 */
export function execute(parser: number, bytes: Buffer, start: number, end: number): Parsed {
  parts.length = 0
  bodyParts.length = 0
  stoppedAt = Parsed.more
  // The memory moves when it grows.
  if (memory.length === 0) memory = Buffer.from(llhttp.memory.buffer)
  bytes.copy(memory, input, start, end)
  const error = llhttp.llhttp_execute(parser, input, end - start)
  if (error === OK) {
    taken = end - start
    return Parsed.more
  }
  taken = llhttp.llhttp_get_error_pos(parser) - input
  return error === PAUSED ? stoppedAt : Parsed.error
}

/** @returns The version of the last head: 10 for HTTP/1.0, 11 for HTTP/1.1. */
export function httpVersion(parser: number): number {
  return llhttp.llhttp_get_http_major(parser) * 10 + llhttp.llhttp_get_http_minor(parser)
}

/** @returns Whether the parser takes the message of the last head to end with its connection. */
export function endsWithConnection(parser: number): boolean {
  return llhttp.llhttp_message_needs_eof(parser) !== 0
}
