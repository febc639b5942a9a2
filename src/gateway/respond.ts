import type { GatewayError } from './error-table.ts'
import type { RequestContext } from './request-context.ts'
import { element, xmlDocument } from './xml/write-xml.ts'

/** Answers with XML. */
export function sendXml(
  context: RequestContext,
  xml: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(xml, 'utf8')
  context.response.writeHead(200, {
    'x-amz-request-id': context.requestId,
    'Content-Type': 'application/xml',
    'Content-Length': body.length,
    ...headers,
  })
  context.response.end(body)
}

/** Answers without a body. */
export function sendEmpty(
  context: RequestContext,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  context.response.writeHead(status, {
    'x-amz-request-id': context.requestId,
    ...(status === 204 || status === 304 ? {} : { 'Content-Length': '0' }),
    ...headers,
  })
  context.response.end()
}

/** The body of an S3 error. */
export function errorXml(error: GatewayError, facts: { requestId: string; resource: string }): string {
  const { key, bucket } = resourceParts(facts.resource)
  return xmlDocument(
    'Error',
    element('Code', error.code),
    element('Message', error.message),
    ...Object.entries(error.details).map(([name, value]) => element(name, value)),
    element('BucketName', 'BucketName' in error.details ? null : bucket),
    element('Key', key),
    element('Resource', facts.resource),
    element('RequestId', facts.requestId),
    element('HostId', facts.requestId),
  ).replace(/ xmlns="[^"]*"/, '')
}

function resourceParts(resource: string): { bucket: string | null; key: string | null } {
  const [, bucket, ...key] = resource.split('/')
  return { bucket: bucket === '' || bucket === undefined ? null : bucket, key: key.join('/') || null }
}
