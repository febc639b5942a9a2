import type { S3ErrorCode } from '../error-table.ts'
import { GatewayError } from '../error-table.ts'
import { OWNER } from '../listing/entry-xml.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { element, Xml, xmlDocument } from '../xml/write-xml.ts'

/** GetBucketLocation: the gateway's region; S3 names its first region by saying nothing. */
export async function getBucketLocation(context: RequestContext): Promise<void> {
  await context.services.buckets.forReading(context)
  const { region } = context.services.options
  const text = xmlDocument('LocationConstraint', new Xml(region === 'us-east-1' ? '' : region))
  sendXml(context, text)
}

/** GetBucketVersioning: buckets here are not versioned, which S3 says by saying nothing. */
export async function getBucketVersioning(context: RequestContext): Promise<void> {
  await context.services.buckets.forReading(context)
  sendXml(context, xmlDocument('VersioningConfiguration'))
}

/** GetBucketRequestPayment: the owner pays. */
export async function getBucketRequestPayment(context: RequestContext): Promise<void> {
  await context.services.buckets.forReading(context)
  sendXml(context, xmlDocument('RequestPaymentConfiguration', element('Payer', 'BucketOwner')))
}

/** GetBucketAcl: private, which is all there is. */
export async function getBucketAcl(context: RequestContext): Promise<void> {
  await context.services.buckets.forReading(context)
  sendXml(context, PRIVATE_ACL)
}

/** PutBucketAcl and PutObjectAcl: what grants nothing is taken, anything else is refused. */
export async function putAcl(context: RequestContext): Promise<void> {
  await context.services.buckets.forWriting(context)
  const acl = context.header('x-amz-acl')
  if (acl !== 'private' && acl !== 'bucket-owner-full-control') {
    throw new GatewayError('NotImplemented', 'Buckets here do not allow ACLs.')
  }
  context.response.writeHead(200, { 'x-amz-request-id': context.requestId, 'Content-Length': '0' })
  context.response.end()
}

/** The answer to questions about a configuration that no bucket here has. */
export function hasNone(code: S3ErrorCode): (context: RequestContext) => Promise<void> {
  return async context => {
    const bucket = await context.services.buckets.forReading(context)
    throw new GatewayError(code, undefined, { details: { BucketName: bucket.name } })
  }
}

/** Configurations that S3 answers with an empty document when there are none. */
export function emptyAnswer(root: string): (context: RequestContext) => Promise<void> {
  return async context => {
    await context.services.buckets.forReading(context)
    sendXml(context, xmlDocument(root))
  }
}

/** The owner may do everything, nobody else anything. */
export const PRIVATE_ACL = xmlDocument(
  'AccessControlPolicy',
  element('Owner', OWNER),
  element('AccessControlList', [
    element('Grant', [
      new Xml(
        `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${OWNER.text}</Grantee>`,
      ),
      element('Permission', 'FULL_CONTROL'),
    ]),
  ]),
)
