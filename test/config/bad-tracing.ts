import type { BadConfig } from './load-errors.ts'

const URL_EXPECTED = 'expected an http: or https: URL such as http://collector:4318'

/** Wrong values of `tracing`. */
export const BAD_TRACING: readonly BadConfig[] = [
  {
    wrong: 'traces for nobody',
    yaml: 'tracing: {}\n',
    errors: [`gateway.yaml:1: tracing.otlp: ${URL_EXPECTED}, got nothing`]
  },
  {
    wrong: 'a collector that speaks something else, whose password is not repeated',
    yaml: 'tracing:\n  otlp: grpc://u:hunter2@collector:4317\n',
    errors: [`gateway.yaml:2: tracing.otlp: ${URL_EXPECTED}, got a text of 31`]
  },
  {
    wrong: 'a collector whose password is not encoded',
    yaml: 'tracing:\n  otlp: http://u:100%@collector\n',
    errors: [`gateway.yaml:2: tracing.otlp: ${URL_EXPECTED}, got a text of 23`]
  },
  {
    wrong: 'a share above all, and a name that is none',
    yaml: 'tracing:\n  otlp: http://collector:4318\n  sample: 1.5\n  service: ""\n',
    errors: [
      'gateway.yaml:3: tracing.sample: expected a share from 0 to 1, got 1.5',
      'gateway.yaml:4: tracing.service: expected a name of 1 to 100 characters of ASCII, got ""'
    ]
  },
  {
    wrong: 'fields for the collector that are the message’s own, or none',
    yaml: 'tracing:\n  otlp: http://c\n  headers:\n    Content-Type: text/plain\n    x-key: "a\\nhunter2"\n',
    errors: [
      "gateway.yaml:4: tracing.headers.Content-Type: expected fields that are not the message's own",
      'gateway.yaml:5: tracing.headers.x-key: expected a header value: a text in one line, got a text of 9'
    ]
  }
]
