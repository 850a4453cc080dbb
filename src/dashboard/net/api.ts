/** What a gateway answered, or why there is no answer. */
export interface Answer<T = unknown> {
  readonly ok: boolean
  /** 0 = there was none. */
  readonly status: number
  /** Of an answer that is ok. */
  readonly body: T | null
  /** What is wrong, for people; empty of an answer that is ok. */
  readonly detail: string
  readonly requestId: string | null
}

/** How a request is made. */
export interface Ask {
  readonly method?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** How long an answer may take, in milliseconds. */
const PATIENCE = 30_000

/** Called when an answer says that nobody is logged in any more. */
let onLoggedOut: () => void = () => {}

/** @param listener - Called when an answer says that nobody is logged in any more. */
export function whenLoggedOut(listener: () => void): void {
  onLoggedOut = listener
}

/** Asks the admin API. Never fails: what went wrong is an answer too. */
export async function ask<T>(
  path: string,
  { method = 'GET', body, headers = {} }: Ask = {}
): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body && { 'content-type': 'application/json' }),
        ...headers
      },
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
      ...(body && { body: JSON.stringify(body) })
    })
    const answer = await readAnswer<T>(response)
    if (answer.status === 401 && path !== '/api/session') onLoggedOut()
    return answer
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError'
    const detail = isLate ? 'The gateway did not answer in time.' : 'The gateway can’t be reached.'
    return { ok: false, status: 0, body: null, detail, requestId: null }
  }
}

async function readAnswer<T>(response: Response): Promise<Answer<T>> {
  const { ok, status } = response
  const text = await response.text()
  const parsed = parse(text)
  if (ok) return { ok, status, body: parsed as T, detail: '', requestId: null }
  const { detail, title, requestId } = (parsed ?? {}) as Record<string, unknown>
  return {
    ok,
    status,
    body: parsed as T,
    detail:
      typeof detail === 'string' ? detail : typeof title === 'string' ? title : `The answer was ${status}.`,
    requestId: typeof requestId === 'string' ? requestId : null
  }
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return null
  }
}

/** Where a backend is in the admin API. */
export function backendPath(group: string, id: string): string {
  return `/api/upstreams/${encodeURIComponent(group)}/backends/${encodeURIComponent(id)}`
}
