import { request, type IncomingHttpHeaders } from 'node:http'

/** A response as it came, body included. */
export interface Exchanged {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What to send besides the path; header fields with several values come once per value. */
export interface ExchangeOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

/** Sends one request on a connection of its own, exactly as given, and reads the whole response. */
export async function exchange(
  url: string,
  { method = 'GET', headers = {}, body }: ExchangeOptions = {}
): Promise<Exchanged> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
