import type { BadConfig } from './load-errors.ts'

const URL_EXPECTED = 'expected an http: or https: URL such as http://collector:4318'

/** Wrong values of `tracing`, and of what `log` says of requests. */
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
  },
  {
    wrong: 'lines of some requests that are no share',
    yaml: 'log:\n  access: some\n  format: xml\n',
    errors: [
      'gateway.yaml:2: log.access: expected true, false, or a mapping of sample and slow, got "some"',
      'gateway.yaml:3: log.format: expected one of auto, json, pretty; got "xml"'
    ]
  },
  {
    wrong: 'a share of lines that is none, and a time that no timer takes',
    yaml: 'log:\n  access:\n    sample: 110\n    slow: 25h\n',
    errors: [
      'gateway.yaml:3: log.access.sample: expected a share from 0 to 1, got 110',
      'gateway.yaml:4: log.access.slow: expected at most 24h, got "25h"'
    ]
  }
]
