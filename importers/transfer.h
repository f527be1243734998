/*
 * transfer.h - HTTPS and SMTP connections by libcurl, many at a time.
 *
 * A bounded number is under way; the others wait, and their time runs only from when
 * they are begun.  Addresses come from our own resolver, so libcurl never asks DNS.
 * No redirect is followed, no proxy and no configuration of the user is heeded.
 *
 * libcurl does not verify certificates here: with GnuTLS it would read all issuers
 * anew for each connection, at 11 ms and 3 MB more than all the rest.  Who uses a
 * transfer takes the chain when it is done, and judges it (chain_is_good) before
 * anything else that came.
 */
#ifndef TLSRPTOP_IMPORTERS_TRANSFER_H
#define TLSRPTOP_IMPORTERS_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "chain.h"
#include "turns.h"

enum {
    TRANSFERS_QUICK_MAX = 32, /* at a time, as turns.h has it */
    TRANSFERS_OPEN_MAX = 256,
    TRANSFER_SENTENCE = 256,
    TRANSFER_URL = 512,
    TRANSFER_ADDRESSES = 1024 /* bytes of them, joined by commas */
};

struct transfers;
struct transfer;

/* CODE is libcurl's; the handle can still be asked, and is gone afterwards. */
typedef void transfer_done_fn(struct transfer *transfer, CURLcode code);

/* The caller's memory until `done` has returned. */
struct transfer {
    struct turn turn; /* of transfer.c, as all behind `error` */
    transfer_done_fn *done;
    void *context;
    CURL *easy;
    char error[CURL_ERROR_SIZE];
    struct transfers *transfers;
    struct curl_slist *addresses;
};

struct transfer_settings {
    const char *connect_to; /* [check] connect-to */
    int timeout_ms;         /* of a whole transfer, and of connecting */
};

/* Returns 0, or EX_CONFIG or EX_UNAVAILABLE with a sentence at WHY. */
int transfers_open(struct transfers **transfers, const struct transfer_settings *settings,
                   char why[static TRANSFER_SENTENCE]);
/* Drops the transfers that are not done: their memory must still be there. */
void transfers_close(struct transfers *transfers);

int transfers_timeout_ms(const struct transfers *transfers);

/* Makes TRANSFER's handle for URL (`https://HOST:PORT/...`, or `smtp:`), whose
 * HOST has ADDRESSES: numeric, joined by commas.  What is special is set on
 * transfer->easy before transfer_begin().  Returns 0, or -1 when memory is short. */
int transfer_prepare(struct transfers *transfers, struct transfer *transfer, const char *url,
                     const char *host, int port, const char *addresses);
void transfer_begin(struct transfer *transfer);

/* Did the connection end amid the TLS handshake, without a word about why? */
bool transfer_was_cut(const struct transfer *transfer, CURLcode code);

/* Adds the certificates that were shown to CHAIN; none if it came not so far. */
void transfer_chain(const struct transfer *transfer, struct chain *chain);

/* Moves data on, begins what waits, and calls `done`. */
void transfers_process(struct transfers *transfers);

/* Waits for data, for one of COUNT descriptors at WATCHED, or for TIMEOUT_MS. */
void transfers_wait(struct transfers *transfers, struct curl_waitfd *watched, unsigned count,
                    int timeout_ms);

#endif
