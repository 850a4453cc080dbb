import type { BadConfig } from './load-errors.ts'

/** Configurations that are wrong as YAML, or as a whole. */
export const BAD_SYNTAX: readonly BadConfig[] = [
  {
    wrong: 'an empty file',
    yaml: '',
    errors: ['gateway.yaml:1: (root): expected a configuration, got an empty file']
  },
  {
    wrong: 'nothing but comments',
    yaml: '# server:\n#   port: 80\n',
    errors: ['gateway.yaml:1: (root): expected a configuration, got an empty file']
  },
  {
    wrong: 'a text instead of a mapping',
    yaml: 'server\n',
    errors: ['gateway.yaml:1: (root): expected a mapping, got "server"']
  },
  {
    wrong: 'a list instead of a mapping',
    yaml: '- server\n',
    errors: ['gateway.yaml:1: (root): expected a mapping, got a list']
  },
  {
    wrong: 'a quote that is never closed',
    yaml: 'server:\n  host: "x\n',
    errors: ['gateway.yaml:3: (root): expected valid YAML: Missing closing "quote']
  },
  {
    wrong: 'a tab as indentation',
    yaml: 'server:\n\tport: 1\n',
    errors: ['gateway.yaml:2: (root): expected valid YAML: Tabs are not allowed as indentation']
  },
  {
    wrong: 'two documents in one file',
    yaml: 'log: {}\n---\nlog: {}\n',
    errors: ['gateway.yaml:2: (root): expected one YAML document, got another after it']
  },
  {
    wrong: 'a tag that nobody knows',
    yaml: 'server:\n  host: !secret x\n',
    errors: ['gateway.yaml:2: (root): expected valid YAML: Unresolved tag: !secret']
  },
  {
    wrong: 'binary data',
    yaml: 'server:\n  host: !!binary aGVsbG8=\n',
    errors: [
      'gateway.yaml:2: server.host: expected a text, number, true or false, got tag:yaml.org,2002:binary'
    ]
  },
  {
    wrong: 'a placeholder without quotes in a flow mapping',
    yaml: 'server: { port: ${env:PORT} }\n',
    errors: [
      'gateway.yaml:1: (root): expected valid YAML: Unexpected flow-map-start at node end; a text with ${…} needs quotes inside of { } and [ ]'
    ]
  },
  {
    wrong: 'a key that comes twice',
    yaml: 'server:\n  port: 8081\n  host: 0.0.0.0\n  port: 8082\n',
    errors: ['gateway.yaml:4: server.port: expected every key once, got "port" again; the first is at line 2']
  },
  {
    wrong: 'a group that comes twice, and an error in the first',
    yaml: ['upstreams:', '  a: { backends: [http://a, http://a] }', '  a: { backends: [http://b] }', ''].join(
      '\n'
    ),
    errors: [
      'gateway.yaml:2: upstreams.a.backends[1]: expected every backend once, got "http://a" again; the first is at line 2',
      'gateway.yaml:3: upstreams.a: expected every key once, got "a" again; the first is at line 2'
    ]
  },
  {
    wrong: 'an alias without an anchor',
    yaml: 'server: *shared\n',
    errors: ['gateway.yaml:1: server: expected an anchor defined before, got *shared']
  },
  {
    wrong: 'an alias that contains itself',
    yaml: 'server: &server\n  shutdown: *server\n',
    errors: [
      'gateway.yaml:2: server.shutdown.shutdown: expected an alias of something that does not contain it, got *server'
    ]
  },
  {
    wrong: 'a merge of something that is no mapping',
    yaml: 'server:\n  <<: 5\n',
    errors: ['gateway.yaml:2: server["<<"]: expected an alias of a mapping']
  },
  {
    wrong: 'a placeholder of an unknown kind',
    yaml: 'server:\n  host: ${HOST}\n',
    errors: [
      'gateway.yaml:2: server.host: expected ${env:NAME} or ${file:PATH}, got "${HOST}"; a plain ${ is written $${'
    ]
  },
  {
    wrong: 'a placeholder that is never closed',
    yaml: 'server:\n  host: ${env:HOST\n',
    errors: [
      'gateway.yaml:2: server.host: expected ${env:NAME} or ${file:PATH}, got "${env:HOST"; a plain ${ is written $${'
    ]
  },
  {
    wrong: 'an unset variable',
    yaml: 'server:\n  host:\n    ${env:HOST}\n',
    errors: ['gateway.yaml:3: server.host: expected the environment variable HOST to be set']
  },
  {
    wrong: 'two unset variables in one text',
    yaml: 'server:\n  host: ${env:A}.${env:B}\n',
    errors: [
      'gateway.yaml:2: server.host: expected the environment variable A to be set',
      'gateway.yaml:2: server.host: expected the environment variable B to be set'
    ]
  },
  {
    wrong: 'a secret file that is not there',
    yaml: 'server:\n  host: ${file:secrets/host}\n',
    errors: ['gateway.yaml:2: server.host: expected a readable file secrets/host, got ENOENT']
  }
]
