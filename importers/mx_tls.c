#include "mx_tls.h"

#include <stdio.h>

/* Many mail servers let strangers wait before they greet them.  To libcurl that is part of
 * connecting. */
enum { PATIENCE = 3 }; /* times the timeout */

/* Replies from there on, RFC 5321 section 4.2.1. */
enum { SMTP_FAILS = 400, SMTP_FAILS_FOR_GOOD = 500 };

static long last_reply(const struct mx_tls *look)
{
    long reply = 0;
    curl_easy_getinfo(look->transfer.easy, CURLINFO_RESPONSE_CODE, &reply);
    return reply;
}

/* To libcurl it is the same if STARTTLS is not offered, or not done: but the one shows in the
 * answer to EHLO, the other in that to STARTTLS. */
static enum mx_tls_result judge_refusal(long reply)
{
    return reply >= SMTP_FAILS_FOR_GOOD ? MX_TLS_FAILED
           : reply >= SMTP_FAILS        ? MX_TLS_NOT_NOW
                                        : MX_TLS_NOT_OFFERED;
}

static enum mx_tls_result judge(const struct mx_tls *look, CURLcode code)
{
    double connected = 0;
    if (look->chain.count > 0)
        return MX_TLS_SEEN; /* whatever SMTP says afterwards */
    switch (code) {
    case CURLE_OK:
        return MX_TLS_FAILED;
    case CURLE_USE_SSL_FAILED:
        return judge_refusal(last_reply(look));
    case CURLE_SSL_CONNECT_ERROR:
        return MX_TLS_FAILED;
    default:
        curl_easy_getinfo(look->transfer.easy, CURLINFO_CONNECT_TIME, &connected);
        return connected > 0 ? MX_TLS_NO_SMTP : MX_TLS_UNREACHED;
    }
}

/* What libcurl says holds milliseconds and numbers of errors, and so is new at each look. */
static void describe(struct mx_tls *look, CURLcode code)
{
    const char *text = curl_easy_strerror(code);
    long reply = last_reply(look);
    if (code == CURLE_OK)
        text = "it shows no certificate";
    else if (code == CURLE_OPERATION_TIMEDOUT)
        text = "it does not answer in time";
    else if (code == CURLE_COULDNT_CONNECT)
        text = "it takes no connection";
    else if (transfer_was_cut(&look->transfer, code))
        text = "the connection ends amid the handshake";
    else if (code == CURLE_SSL_CONNECT_ERROR && look->transfer.error[0] != '\0')
        text = look->transfer.error;
    else if (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR)
        text = "the connection ends";
    if (reply >= SMTP_FAILS && code != CURLE_OPERATION_TIMEDOUT)
        snprintf(look->detail, sizeof look->detail, "it answers with status %ld", reply);
    else
        snprintf(look->detail, sizeof look->detail, "%s", text);
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct mx_tls *look = transfer->context;
    transfer_chain(transfer, &look->chain);
    look->result = judge(look, code);
    if (look->result != MX_TLS_SEEN)
        describe(look, code);
    look->looked(look->context);
}

int mx_tls_begin(struct mx_tls *look, struct transfers *transfers, const char *host, int port,
                 const char *addresses, mx_tls_done_fn *looked, void *context)
{
    char url[TRANSFER_URL];
    *look = (struct mx_tls){.looked = looked, .context = context};
    look->transfer.done = finish;
    look->transfer.context = look;
    snprintf(url, sizeof url, "smtp://%s:%d/", host, port);
    if (transfer_prepare(transfers, &look->transfer, url, host, port, addresses) != 0)
        return -1;
    CURL *easy = look->transfer.easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp");
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    long patience_ms = (long)PATIENCE * transfers_timeout_ms(transfers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, patience_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, patience_ms);
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    transfer_begin(&look->transfer);
    return 0;
}
