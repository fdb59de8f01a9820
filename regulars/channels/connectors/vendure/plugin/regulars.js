'use strict';
/**
 * Tells a Regulars shop what happens in this Vendure: orders, payments, refunds, fulfilments, customers and products.
 *
 * What changed is written into Vendure's job queue as a name and a number alone, once the change is committed. The job
 * reads the whole object as it is then, signs it (Standard Webhooks: HMAC-SHA256 over id.timestamp.body) and posts it.
 * A shop that does not answer is asked again by the job queue; what comes twice or late does no harm over there.
 */
const { createHmac } = require('node:crypto');
const { Inject } = require('@nestjs/common');
const core = require('@vendure/core');
const { shapes, relations } = require('./shapes');

const QUEUE = 'regulars';
const RETRIES = 450; // with the pauses below: about three days
const LONGEST_PAUSE = 600_000;
const PATIENCE = 10_000;
const IDS = new Set(['id', 'orderLineId']);
const TOGETHER = 25; // milliseconds: one sale is a dozen events, and one delivery

class RegularsPlugin {
    constructor(eventBus, jobQueueService, connection, requestContextService, productService, variantService, config) {
        Object.assign(this, { eventBus, jobQueueService, connection, requestContextService });
        Object.assign(this, { productService, variantService, config });
        this.changed = new Map();
        this.subscriptions = [];
    }

    /** `address` and `secret` stand on the connection's page in Regulars. */
    static init({ address, secret }) {
        if (!/^https?:\/\//.test(address || '') || !secret) {
            throw new Error('RegularsPlugin needs the address and the secret that stand on the connection in Regulars.');
        }
        RegularsPlugin.options = { address, key: keyOf(secret) };
        return RegularsPlugin;
    }

    /** For DefaultJobQueuePlugin.init({ backoffStrategy }): our jobs wait longer each time, all others a second. */
    static backoff(queueName, attempts) {
        return queueName === QUEUE ? Math.min(1000 * 2 ** Math.min(attempts, 20), LONGEST_PAUSE) : 1000;
    }

    async onApplicationBootstrap() {
        this.queue = await this.jobQueueService.createQueue({
            name: QUEUE,
            process: job => this.deliver(job),
        });
        const on = (type, told) =>
            this.subscriptions.push(
                this.eventBus.ofType(type).subscribe(event => {
                    for (const [kind, id, isDeleted] of told(event)) {
                        this.remember(kind, id, isDeleted === true);
                    }
                }),
            );
        const order = event => [['order', event.order.id]];
        on(core.OrderEvent, event => [['order', event.entity.id, event.type === 'deleted']]);
        on(core.OrderLineEvent, order);
        on(core.OrderStateTransitionEvent, order);
        on(core.PaymentStateTransitionEvent, order);
        on(core.RefundEvent, order);
        on(core.RefundStateTransitionEvent, order);
        on(core.CouponCodeEvent, event => [['order', event.orderId]]);
        on(core.FulfillmentStateTransitionEvent, event => [['fulfillment', event.fulfillment.id]]);
        on(core.CustomerEvent, event => [
            ['customer', event.entity.id, event.type === 'deleted'],
            // whoever says their name at the till changes the basket, and Vendure tells of the person alone
            ...(event.type === 'deleted' ? [] : [['basket', event.entity.id]]),
        ]);
        on(core.CustomerAddressEvent, event => [['address', event.entity.id]]);
        on(core.CustomerGroupChangeEvent, event => event.customers.map(one => ['customer', one.id]));
        on(core.AccountVerifiedEvent, event => [['customer', event.customer.id]]);
        on(core.IdentifierChangeEvent, event => [['user', event.user.id]]);
        on(core.ProductEvent, event => [['product', event.entity.id, event.type === 'deleted']]);
        on(core.ProductVariantEvent, event => [event.entity].flat().map(one => ['variant', one.id]));
        on(core.ProductVariantPriceEvent, event => event.entity.map(one => ['price', one.id]));
    }

    async onApplicationShutdown() {
        this.subscriptions.forEach(one => one.unsubscribe());
        await this.tell();
    }

    /** Note what changed; events that follow each other at once become one job. */
    remember(kind, id, isDeleted) {
        const name = `${kind} ${id}`;
        this.changed.set(name, { kind, id, isDeleted: isDeleted || this.changed.get(name)?.isDeleted === true });
        this.timer ??= setTimeout(() => this.tell(), TOGETHER);
    }

    /** Put what changed into the queue. */
    async tell() {
        clearTimeout(this.timer);
        this.timer = undefined;
        const changed = [...this.changed.values()];
        this.changed.clear();
        for (const one of changed) {
            try {
                await this.queue.add(one, { retries: RETRIES });
            } catch (error) {
                core.Logger.error(`${one.kind} ${one.id} could not be put into the queue: ${error.message}`, QUEUE);
            }
        }
    }

    /** Send what a job names, as it is now. Throws where Regulars did not take it, so that the job is tried again. */
    async deliver(job) {
        // the moment is taken before the object is read: a change that comes between is told by a later job
        const at = new Date().toISOString();
        const { kind, id, isDeleted } = job.data;
        let number = 0;
        for (const [topic, data] of isDeleted ? [[`${kind}.deleted`, { id }]] : await this.read(kind, id)) {
            await this.post(`${job.id}-${number++}-${job.createdAt.getTime()}`, { topic, at, data });
        }
        return { deliveries: number };
    }

    /** What is to be told of an object: its topic and whole state, once for each object it belongs to. */
    async read(kind, id) {
        const find = (type, names) =>
            this.connection.rawConnection.getRepository(type).findOne({ where: { id }, relations: names, relationLoadStrategy: 'query' });
        const precision = this.config.entityOptions.moneyStrategy.precision ?? 2;
        switch (kind) {
            case 'order': {
                const order = await find(core.Order, relations.order);
                return order ? [['order', shapes.order(order, precision)]] : [['order.deleted', { id }]];
            }
            case 'basket': {
                const found = await this.connection.rawConnection
                    .getRepository(core.Order)
                    .find({ where: { customer: { id }, active: true }, order: { id: 'DESC' }, take: 1 });
                return (await Promise.all(found.map(one => this.read('order', one.id)))).flat();
            }
            case 'fulfillment': {
                const found = await find(core.Fulfillment, ['orders']);
                return (await Promise.all((found?.orders ?? []).map(one => this.read('order', one.id)))).flat();
            }
            case 'customer': {
                const customer = await find(core.Customer, relations.customer);
                return !customer || customer.deletedAt
                    ? [['customer.deleted', { id }]]
                    : [['customer', shapes.customer(customer)]];
            }
            case 'address': {
                const found = await find(core.Address, ['customer']);
                return found?.customer ? this.read('customer', found.customer.id) : [];
            }
            case 'user': {
                const customer = await this.connection.rawConnection
                    .getRepository(core.Customer)
                    .findOne({ where: { user: { id } } });
                return customer ? this.read('customer', customer.id) : [];
            }
            case 'variant': {
                const found = await find(core.ProductVariant, ['product']);
                return found ? this.read('product', found.product.id) : [];
            }
            case 'price': {
                const found = await find(core.ProductVariantPrice, ['variant']);
                return found ? this.read('variant', found.variant.id) : [];
            }
            case 'product': {
                const ctx = await this.requestContextService.create({ apiType: 'admin' });
                const product = await this.productService.findOne(ctx, id, relations.product);
                if (!product) {
                    return [['product.deleted', { id }]];
                }
                const { items } = await this.variantService.getVariantsByProductId(ctx, id, { take: 1000 });
                return [['product', shapes.product(product, items, precision)]];
            }
            default:
                return [];
        }
    }

    async post(id, content) {
        const { address, key } = RegularsPlugin.options;
        const { entityIdStrategy } = this.config.entityOptions;
        // numbers are written as the Admin API writes them
        const body = JSON.stringify(content, (name, value) =>
            IDS.has(name) && value !== null ? String(entityIdStrategy.encodeId(value)) : value,
        );
        const moment = Math.floor(Date.now() / 1000).toString();
        const signature = createHmac('sha256', key).update(`${id}.${moment}.${body}`).digest('base64');
        const answer = await fetch(address, {
            method: 'POST',
            body,
            redirect: 'error',
            signal: AbortSignal.timeout(PATIENCE),
            headers: {
                'content-type': 'application/json',
                'webhook-id': id,
                'webhook-timestamp': moment,
                'webhook-signature': `v1,${signature}`,
            },
        });
        const said = await answer.text();
        if (!answer.ok) {
            throw new Error(`Regulars answered ${answer.status}: ${said.slice(0, 300)}`);
        }
    }
}

/** The key in a secret: what stands after “whsec_” is Base 64; a text that is no Base 64 is the key itself. */
function keyOf(secret) {
    const written = secret.replace(/^whsec_/, '');
    const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(written);
    return Buffer.from(isBase64 ? written : secret, isBase64 ? 'base64' : 'utf8');
}

// What TypeScript would write as decorators.
[
    core.EventBus,
    core.JobQueueService,
    core.TransactionalConnection,
    core.RequestContextService,
    core.ProductService,
    core.ProductVariantService,
    core.ConfigService,
].forEach((needed, place) => Inject(needed)(RegularsPlugin, undefined, place));
core.VendurePlugin({ imports: [core.PluginCommonModule], compatibility: '^3.0.0' })(RegularsPlugin);

module.exports = { RegularsPlugin };
