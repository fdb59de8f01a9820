'use strict';
/** What is sent of each object: the fields that the Admin API has, under the same names, and no others. */

const customerRelations = ['user', 'addresses', 'addresses.country', 'groups'];

const relations = {
    order: [
        'customer',
        ...customerRelations.map(name => `customer.${name}`),
        'lines',
        'lines.productVariant',
        'lines.productVariant.product',
        'surcharges',
        'promotions',
        'shippingLines',
        'payments',
        'payments.refunds',
        'payments.refunds.lines',
        'fulfillments',
        'fulfillments.lines',
        'modifications',
        'modifications.lines',
    ],
    customer: customerRelations,
    product: ['featuredAsset', 'facetValues', 'facetValues.facet'],
};

const pick = (from, ...names) => Object.fromEntries(names.map(name => [name, from[name] ?? null]));
const node = (from, ...names) => pick(from, 'id', 'createdAt', 'updatedAt', ...names);

/** A name in the shop's first language, of an entity that was read without a language being asked for. */
const named = entity => entity?.name ?? entity?.translations?.[0]?.name ?? '';

const discounts = from => (from.discounts ?? []).map(one => pick(one, 'adjustmentSource', 'amountWithTax'));

const address = from => ({
    ...pick(from, 'fullName', 'company', 'streetLine1', 'streetLine2', 'city', 'province', 'postalCode', 'phoneNumber'),
});

const customer = from => ({
    ...node(from, 'firstName', 'lastName', 'emailAddress', 'phoneNumber'),
    user: from.user ? pick(from.user, 'verified') : null,
    groups: (from.groups ?? []).map(one => pick(one, 'name')),
    addresses: (from.addresses ?? []).map(one => ({
        ...address(one),
        ...pick(one, 'defaultShippingAddress', 'defaultBillingAddress', 'updatedAt'),
        country: { code: one.country?.code ?? '' },
    })),
});

const orderAddress = from => (from && from.countryCode ? { ...address(from), ...pick(from, 'countryCode') } : null);

const order = (from, precision) => ({
    ...node(from, 'code', 'type', 'state', 'active', 'orderPlacedAt', 'currencyCode', 'couponCodes'),
    ...pick(from, 'shippingWithTax', 'total', 'totalWithTax'),
    precision,
    customer: from.customer ? customer(from.customer) : null,
    shippingAddress: orderAddress(from.shippingAddress),
    billingAddress: orderAddress(from.billingAddress),
    lines: from.lines.map(line => ({
        ...node(line, 'quantity', 'orderPlacedQuantity', 'unitPriceWithTax'),
        ...pick(line, 'proratedUnitPrice', 'proratedUnitPriceWithTax', 'proratedLinePriceWithTax'),
        productVariant: {
            ...pick(line.productVariant, 'id', 'sku'),
            name: named(line.productVariant),
            product: { name: named(line.productVariant.product) },
        },
    })),
    surcharges: from.surcharges.map(one => node(one, 'description', 'sku', 'price', 'priceWithTax')),
    promotions: (from.promotions ?? []).map(one => pick(one, 'id', 'couponCode')),
    discounts: discounts(from),
    shippingLines: from.shippingLines.map(one => ({ ...pick(one, 'priceWithTax'), discounts: discounts(one) })),
    payments: from.payments.map(payment => ({
        ...node(payment, 'method', 'amount', 'state', 'transactionId'),
        refunds: payment.refunds.map(refund => ({
            ...node(refund, 'total', 'method', 'state', 'transactionId', 'reason'),
            lines: refund.lines.map(one => pick(one, 'orderLineId', 'quantity')),
        })),
    })),
    fulfillments: from.fulfillments.map(one => ({
        ...node(one, 'state'),
        lines: one.lines.map(line => pick(line, 'orderLineId', 'quantity')),
    })),
    modifications: (from.modifications ?? []).map(one => ({
        lines: one.lines.map(line => pick(line, 'orderLineId', 'quantity')),
    })),
});

const product = (from, variants, precision) => ({
    ...node(from, 'name', 'slug', 'enabled'),
    precision,
    featuredAsset: from.featuredAsset ? pick(from.featuredAsset, 'preview') : null,
    facetValues: (from.facetValues ?? []).map(one => ({ ...pick(one, 'name'), facet: pick(one.facet, 'code') })),
    variants: variants.map(one => node(one, 'sku', 'name', 'priceWithTax', 'currencyCode', 'enabled')),
});

module.exports = { shapes: { order, customer, product }, relations };
