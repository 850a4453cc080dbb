import { endToEnd } from './essence.ts'
import { filterFields, valuesOf } from './strict-fields.ts'
import type { InterimResponse, StrictResponse } from './strict-response.ts'

/** What of a response must arrive at the client as the backend has sent it. */
export interface ResponseEssence extends InterimResponse {
  readonly interim: InterimResponse[]
  readonly body: string
  readonly trailers: string[]
}

/**
 * What must arrive of a response that a backend sent.
 *
 * @param minor - Of the client's HTTP/1.x: 0 knows neither interim responses nor trailers.
 */
export function sentResponse(response: StrictResponse, minor = 1): ResponseEssence {
  const { interim, status, reason, fields, body, trailers } = response
  const isChunked = minor === 1 && ['chunked', 'close'].includes(response.framing)
  return {
    // A 100 that nobody waits for is for the one who sent the body: the gateway.
    interim:
      minor === 0
        ? []
        : interim
            .filter((one) => one.status !== 100)
            .map((one) => ({ ...one, fields: endToEnd(one.fields) })),
    status,
    reason,
    fields: filterFields(endToEnd(fields), (name) => {
      // Only chunks have trailers to announce, and a 204 has no length.
      if (name === 'trailer') return isChunked
      return name !== 'x-request-id' && (name !== 'content-length' || status !== 204)
    }),
    body,
    trailers: minor === 0 ? [] : endToEnd(trailers)
  }
}

/**
 * What has arrived, without what a gateway adds.
 *
 * @param sent - A Date is added where there is none (RFC 9110 section 6.6.1).
 */
export function arrivedResponse(response: StrictResponse, sent: StrictResponse): ResponseEssence {
  const { interim, status, reason, body, trailers } = response
  const isDateAdded = valuesOf(endToEnd(sent.fields), 'date').length === 0
  const fields = filterFields(
    endToEnd(response.fields),
    (name) => name !== 'x-request-id' && !(isDateAdded && name === 'date')
  )
  return { interim, status, reason, fields, body, trailers }
}
