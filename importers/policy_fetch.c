#include "policy_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../db/sts_policy.h"

enum {
    HEADERS_MAX = 32 * 1024, /* bytes of them */
    BODY_STEP = 4 * 1024,
    HTTP_TOO_MANY_REQUESTS = 429
};

bool fetch_is_temporary(enum fetch_result result)
{
    return result >= FETCH_UNAVAILABLE;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct policy_fetch *fetch = context;
    size_t length = size * count;
    if (length > STS_POLICY_MAX - fetch->length) {
        fetch->too_large = true;
        return 0;
    }
    size_t wanted = fetch->length + length;
    if (wanted > fetch->body.capacity && buffer_reserve(&fetch->body, wanted + BODY_STEP) != 0)
        return 0;
    memcpy(fetch->body.bytes + fetch->length, bytes, length);
    fetch->length = wanted;
    return length;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct policy_fetch *fetch = context;
    (void)bytes;
    fetch->header_length += size * count;
    fetch->too_large = fetch->header_length > HEADERS_MAX;
    return fetch->too_large ? 0 : size * count;
}

static bool has_encoding(CURL *easy)
{
    struct curl_header *header;
    return curl_easy_header(easy, "Content-Encoding", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
           strcasecmp(header->value, "identity") != 0;
}

static enum fetch_result judge_answer(struct policy_fetch *fetch)
{
    CURL *easy = fetch->transfer.easy;
    const char *location = NULL;
    if (fetch->status >= 300 && fetch->status < 400) {
        curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
        snprintf(fetch->detail, sizeof fetch->detail, "%s", location != NULL ? location : "");
        return FETCH_REDIRECT;
    }
    if (fetch->status >= 500 || fetch->status == HTTP_TOO_MANY_REQUESTS)
        return FETCH_UNAVAILABLE;
    if (fetch->status != 200)
        return FETCH_STATUS;
    return has_encoding(easy) ? FETCH_ENCODED : FETCH_OK;
}

/* Sets a detail that is the same whenever the reason is, which what libcurl says is not. */
static enum fetch_result judge_failure(struct policy_fetch *fetch, CURLcode code)
{
    bool cut = transfer_was_cut(&fetch->transfer, code);
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
        snprintf(fetch->detail, sizeof fetch->detail, "%s",
                 cut ? "it ended amid the TLS handshake" : fetch->transfer.error);
        return cut ? FETCH_BROKEN : FETCH_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return FETCH_TIMEOUT;
    case CURLE_COULDNT_CONNECT:
        return FETCH_REFUSED;
    default:
        snprintf(fetch->detail, sizeof fetch->detail, "%s", curl_easy_strerror(code));
        return FETCH_BROKEN;
    }
}

/* Is what came from the policy host?  Nothing it says counts before. */
static bool has_good_certificate(struct policy_fetch *fetch)
{
    struct chain chain = {.count = 0};
    struct chain_facts facts;
    bool good = false;
    snprintf(fetch->detail, sizeof fetch->detail, "is missing");
    transfer_chain(&fetch->transfer, &chain);
    if (chain.count > 0) {
        good = chain_is_good(&chain, fetch->trust, fetch->host, fetch->detail);
        chain_facts(&chain, &facts);
        fetch->expires = facts.expires;
    }
    chain_free(&chain);
    return good;
}

static enum fetch_result judge(struct policy_fetch *fetch, CURLcode code)
{
    bool too_large = fetch->too_large || code == CURLE_FILESIZE_EXCEEDED;
    double shaken_hands = 0;
    curl_easy_getinfo(fetch->transfer.easy, CURLINFO_APPCONNECT_TIME, &shaken_hands);
    if (shaken_hands > 0 && !has_good_certificate(fetch))
        return FETCH_CERTIFICATE;
    if (fetch->status == 200 && too_large)
        return FETCH_TOO_LARGE;
    return code == CURLE_OK || too_large ? judge_answer(fetch) : judge_failure(fetch, code);
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct policy_fetch *fetch = transfer->context;
    const char *type = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &fetch->status);
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
    snprintf(fetch->content_type, sizeof fetch->content_type, "%s", type != NULL ? type : "");
    fetch->result = judge(fetch, code);
    fetch->fetched(fetch->context);
}

int policy_fetch_begin(struct policy_fetch *fetch, const struct policy_source *source,
                       const char *domain, const char *addresses, policy_fetch_done_fn *fetched,
                       void *context)
{
    char url[TRANSFER_URL];
    *fetch = (struct policy_fetch){.fetched = fetched, .context = context, .trust = source->trust};
    fetch->transfer.done = finish;
    fetch->transfer.context = fetch;
    snprintf(fetch->host, sizeof fetch->host, "mta-sts.%s", domain);
    snprintf(url, sizeof url, "https://%s:%d/.well-known/mta-sts.txt", fetch->host, source->port);
    if (transfer_prepare(source->transfers, &fetch->transfer, url, fetch->host, source->port,
                         addresses) != 0)
        return -1;
    CURL *easy = fetch->transfer.easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tlsrptop-check/" VERSION);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE, (long)STS_POLICY_MAX);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    transfer_begin(&fetch->transfer);
    return 0;
}

void policy_fetch_free(struct policy_fetch *fetch)
{
    buffer_free(&fetch->body);
}
