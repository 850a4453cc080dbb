// What the package offers to other programs: to write route modules, and to run a gateway of one's own.
export { defineRoutes, type RouteDefinition } from './config/define-routes.ts'
export { ConfigError, type ConfigIssue } from './config/issue.ts'
export { loadConfig } from './config/load.ts'
export type { GatewayConfig } from './config/types.ts'
export { Gateway, type GatewayOptions } from './gateway.ts'
