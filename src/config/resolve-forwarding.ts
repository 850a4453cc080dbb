import type { RouteDefinition } from './define-routes.ts'
import { defined, duration } from './resolve-parts.ts'
import { RETRY_CONDITIONS, type RetryConfig, type TimeoutsConfig } from './types.ts'
import { parseSize } from './units.ts'

/** `retry`: whole where the schema has defaults, for groups; for routes what they override. */
export function resolveRetry(retry: NonNullable<RouteDefinition['retry']>): Partial<RetryConfig> {
  const { attempts, on, methods, budgetPercent, bodyBuffer } = retry
  return defined({
    attempts,
    on: on?.map(resolveCondition),
    methods: methods && [...methods],
    budgetPercent,
    bodyBuffer: bodyBuffer === undefined ? undefined : parseSize(bodyBuffer)
  })
}

function resolveCondition(condition: string | number): RetryConfig['on'][number] {
  const named = RETRY_CONDITIONS.find((name) => name === condition)
  return named ?? Number(condition)
}

/** `timeouts`: whole where the schema has defaults, for groups; for routes what they override. */
export function resolveTimeouts(timeouts: NonNullable<RouteDefinition['timeouts']>): Partial<TimeoutsConfig> {
  const read = (text: string | undefined) => (text === undefined ? undefined : duration(text))
  const { connect, response, idle, total } = timeouts
  return defined({ connect: read(connect), response: read(response), idle: read(idle), total: read(total) })
}
