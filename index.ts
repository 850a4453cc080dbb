// What `import … from 'xecureapi-gateway'` offers: the gateway itself, and its plugins for any Fastify app. It stands
// here because src/ imports nothing of plugins/. What takes long to load is loaded when it is used.
export * from './src/index.ts'
export { default as accessControl, type AccessControlOptions } from './plugins/access-control.ts'
export { default as accessLog, type AccessLogOptions } from './plugins/access-log.ts'
export { default as balancing } from './plugins/balancing.ts'
export { default as circuitBreaking } from './plugins/circuit-breaking.ts'
export { default as concurrencyLimits } from './plugins/concurrency-limits.ts'
export { default as cors } from './plugins/cors.ts'
export { default as forwarding, type ForwardingOptions } from './plugins/forwarding.ts'
export { default as healthChecks } from './plugins/health-checks.ts'
export { default as metrics, type MetricsOptions, type PrintedMetrics } from './plugins/metrics.ts'
export { default as openapi, type OpenApiOptions } from './plugins/openapi.ts'
export { default as outlierDetection } from './plugins/outlier-detection.ts'
export {
  default as overloadProtection,
  type OverloadProtectionOptions
} from './plugins/overload-protection.ts'
export { default as problemDetails, sendProblem } from './plugins/problem-details.ts'
export { default as rateLimiting, type RateLimitingOptions } from './plugins/rate-limiting.ts'
export { default as requestRecord, type RequestObserver } from './plugins/request-record.ts'
export { default as requestValidation, type RequestValidationOptions } from './plugins/request-validation.ts'
export { default as routing, type RoutingOptions } from './plugins/routing.ts'
export { default as securityHeaders } from './plugins/security-headers.ts'
export { default as tracing, type TracingOptions } from './plugins/tracing.ts'
export { default as upstreamRegistry, type UpstreamRegistryOptions } from './plugins/upstream-registry.ts'
