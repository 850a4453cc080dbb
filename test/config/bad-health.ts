import { withKey } from './bad-upstreams.ts'
import type { BadConfig } from './load-errors.ts'

const OUTLIERS = 'upstreams.catalog.outlierDetection'
const BREAKER = 'upstreams.catalog.circuitBreaker'

/** Wrong values of what judges real traffic: `outlierDetection` and `circuitBreaker`. */
export const BAD_HEALTH: readonly BadConfig[] = [
  {
    wrong: 'outlier detection that is only switched on',
    yaml: withKey('outlierDetection: true'),
    errors: [`gateway.yaml:4: ${OUTLIERS}: expected a mapping, got true`]
  },
  {
    wrong: 'outlier detection without its defaults',
    yaml: withKey('outlierDetection:'),
    errors: [`gateway.yaml:4: ${OUTLIERS}: expected a mapping, got nothing; write {} for the defaults`]
  },
  {
    wrong: 'failures and shares of ejections beyond their ranges',
    yaml: withKey('outlierDetection: { consecutiveFailures: 0, maxEjectedPercent: 101, dryRun: yes }'),
    errors: [
      `gateway.yaml:4: ${OUTLIERS}.consecutiveFailures: expected a whole number from 1 to 1000, got 0`,
      `gateway.yaml:4: ${OUTLIERS}.dryRun: expected true or false, got "yes"`,
      `gateway.yaml:4: ${OUTLIERS}.maxEjectedPercent: expected a whole number from 0 to 100, got 101`
    ]
  },
  {
    wrong: 'an ejection of no time, compared too often',
    yaml: withKey('outlierDetection: { ejectFor: 0s, interval: 99ms, maxEjectFor: 25h }'),
    errors: [
      `gateway.yaml:4: ${OUTLIERS}.ejectFor: expected at least 1ms, got "0s"`,
      `gateway.yaml:4: ${OUTLIERS}.interval: expected at least 100ms, got "99ms"`,
      `gateway.yaml:4: ${OUTLIERS}.maxEjectFor: expected at most 24h, got "25h"`
    ]
  },
  {
    wrong: 'a longest ejection below the first',
    yaml: withKey('outlierDetection:', '  ejectFor: 2m', '  maxEjectFor: 90s'),
    errors: [`gateway.yaml:6: ${OUTLIERS}.maxEjectFor: expected at least ejectFor, which is "2m", got "90s"`]
  },
  {
    wrong: 'a longest ejection below the first by default',
    yaml: withKey('outlierDetection:', '  maxEjectFor: 10s'),
    errors: [`gateway.yaml:5: ${OUTLIERS}.maxEjectFor: expected at least ejectFor, which is "30s", got "10s"`]
  },
  {
    wrong: 'a first ejection above the longest by default',
    yaml: withKey('outlierDetection:', '  ejectFor: 1h'),
    errors: [`gateway.yaml:5: ${OUTLIERS}.ejectFor: expected at most maxEjectFor, which is "300s", got "1h"`]
  },
  {
    wrong: 'a misspelt key of outlier detection',
    yaml: withKey('outlierDetection: { consecutive5xx: 5 }'),
    errors: [
      `gateway.yaml:4: ${OUTLIERS}.consecutive5xx: unknown key "consecutive5xx"; expected one of consecutiveFailures, interval, ejectFor, maxEjectFor, maxEjectedPercent, dryRun`
    ]
  },
  {
    wrong: 'a circuit breaker that would always be open, or never decide',
    yaml: withKey('circuitBreaker: { failurePercent: 0, minRequests: 0, window: 99ms, openFor: 0s }'),
    errors: [
      `gateway.yaml:4: ${BREAKER}.failurePercent: expected a whole number from 1 to 100, got 0`,
      `gateway.yaml:4: ${BREAKER}.minRequests: expected a whole number from 1 to 1000000, got 0`,
      `gateway.yaml:4: ${BREAKER}.openFor: expected at least 1ms, got "0s"`,
      `gateway.yaml:4: ${BREAKER}.window: expected at least 100ms, got "99ms"`
    ]
  },
  {
    wrong: 'a misspelt circuit breaker',
    yaml: withKey('circuitBraker: {}'),
    errors: [
      'gateway.yaml:4: upstreams.catalog.circuitBraker: unknown key "circuitBraker"; did you mean "circuitBreaker"?'
    ]
  }
]
