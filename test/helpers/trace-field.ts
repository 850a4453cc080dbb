/** The field of a trace that begins at the gateway, as {@link withoutTraceIds} leaves it. */
export const TRACE = 'traceparent: 00-trace-span-00'

/** What a backend got, with names in place of the ids of traces, which are never the same. */
export function withoutTraceIds(text: string): string {
  return text.replace(/^(traceparent: 00)-[\da-f]{32}-[\da-f]{16}-/gm, '$1-trace-span-')
}
