#include "transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct transfers {
    CURLM *multi;
    struct turns turns;
    struct curl_slist *connect_to;
    int timeout_ms;
};

/* --- settings --- */

/* Takes libcurl's HOST:PORT:CONNECT-HOST:CONNECT-PORT, or an address or
 * address:port for all hosts. */
static int add_connect_to(struct transfers *transfers, const char *item, size_t length)
{
    char text[TRANSFER_URL];
    size_t colons = 0;
    bool bracketed = false;
    for (size_t i = 0; i < length; i++) {
        bracketed = item[i] == '[' || (bracketed && item[i] != ']');
        colons += item[i] == ':' && !bracketed;
    }
    const char *any = colons < 3 ? "::" : "";
    const char *same_port = colons == 0 ? ":" : "";
    int written = snprintf(text, sizeof text, "%s%.*s%s", any, (int)length, item, same_port);
    if ((colons > 1 && colons != 3) || (size_t)written >= sizeof text)
        return -1;
    struct curl_slist *list = curl_slist_append(transfers->connect_to, text);
    if (list != NULL)
        transfers->connect_to = list;
    return list != NULL ? 0 : -1;
}

static int set_connect_to(struct transfers *transfers, const char *setting,
                          char why[static TRANSFER_SENTENCE])
{
    size_t length;
    for (const char *item = setting + strspn(setting, " ,\t"); *item != '\0';
         item += length + strspn(item + length, " ,\t")) {
        length = strcspn(item, " ,\t");
        if (add_connect_to(transfers, item, length) != 0) {
            snprintf(why, TRANSFER_SENTENCE,
                     "[check] connect-to: \"%.*s\" is neither HOST:PORT:CONNECT-HOST:CONNECT-PORT"
                     " nor an address",
                     (int)(length < 100 ? length : 100), item);
            return -1;
        }
    }
    return 0;
}

static void drop(struct transfer *transfer)
{
    if (transfer->easy != NULL)
        curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->addresses);
    transfer->easy = NULL;
    transfer->addresses = NULL;
}

void transfers_close(struct transfers *transfers)
{
    if (transfers == NULL)
        return;
    struct turn *turn;
    while ((turn = turns_any(&transfers->turns)) != NULL) {
        struct transfer *transfer = (struct transfer *)turn;
        turns_leave(&transfers->turns, turn);
        curl_multi_remove_handle(transfers->multi, transfer->easy);
        drop(transfer);
    }
    curl_slist_free_all(transfers->connect_to);
    if (transfers->multi != NULL)
        curl_multi_cleanup(transfers->multi);
    free(transfers);
    curl_global_cleanup();
}

int transfers_open(struct transfers **out, const struct transfer_settings *settings,
                   char why[static TRANSFER_SENTENCE])
{
    int status = EX_UNAVAILABLE;
    struct transfers *transfers = *out = calloc(1, sizeof *transfers);
    snprintf(why, TRANSFER_SENTENCE, "libcurl does not start");
    if (transfers == NULL)
        return status;
    turns_init(&transfers->turns, TRANSFERS_QUICK_MAX, TRANSFERS_OPEN_MAX);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        goto out;
    transfers->timeout_ms = settings->timeout_ms;
    transfers->multi = curl_multi_init();
    if (transfers->multi == NULL)
        goto out;
    status = set_connect_to(transfers, settings->connect_to, why) == 0 ? 0 : EX_CONFIG;
out:
    if (status != 0) {
        transfers_close(transfers);
        *out = NULL;
    }
    return status;
}

int transfers_timeout_ms(const struct transfers *transfers)
{
    return transfers->timeout_ms;
}

/* --- one transfer --- */

static int set_addresses(struct transfer *transfer, const char *host, int port,
                         const char *addresses)
{
    char text[TRANSFER_URL + TRANSFER_ADDRESSES];
    if (addresses[0] == '\0') /* nobody to ask: connect-to decides, or it fails */
        return 0;
    /* "+": may be forgotten again */
    int length = snprintf(text, sizeof text, "+%s:%d:%s", host, port, addresses);
    if (length < 0 || (size_t)length >= sizeof text)
        return -1;
    transfer->addresses = curl_slist_append(NULL, text);
    if (transfer->addresses == NULL)
        return -1;
    return curl_easy_setopt(transfer->easy, CURLOPT_RESOLVE, transfer->addresses) == CURLE_OK ? 0
                                                                                              : -1;
}

int transfer_prepare(struct transfers *transfers, struct transfer *transfer, const char *url,
                     const char *host, int port, const char *addresses)
{
    CURL *easy = transfer->easy = curl_easy_init();
    transfer->transfers = transfers;
    transfer->addresses = NULL;
    transfer->error[0] = '\0';
    if (easy == NULL || set_addresses(transfer, host, port, addresses) != 0) {
        drop(transfer);
        return -1;
    }
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)transfers->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)transfers->timeout_ms);
    if (transfers->connect_to != NULL)
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfers->connect_to);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L); /* verified later: transfer.h */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    return 0;
}

void transfer_begin(struct transfer *transfer)
{
    turns_wait(&transfer->transfers->turns, &transfer->turn);
}

void transfer_chain(const struct transfer *transfer, struct chain *chain)
{
    static const char key[] = "Cert:";
    struct curl_certinfo *shown = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_CERTINFO, &shown);
    for (int i = 0; shown != NULL && i < shown->num_of_certs; i++) {
        for (const struct curl_slist *line = shown->certinfo[i]; line != NULL; line = line->next) {
            const char *pem = line->data + strlen(key);
            if (strncmp(line->data, key, strlen(key)) == 0 &&
                chain_add(chain, pem, strlen(pem)) != 0)
                return;
        }
    }
}

/* libcurl has one code for all that ends a handshake: what it says tells more, or what it
 * quotes of GnuTLS. */
bool transfer_was_cut(const struct transfer *transfer, CURLcode code)
{
    const char *const ends[] = {
        gnutls_strerror(GNUTLS_E_PREMATURE_TERMINATION), gnutls_strerror(GNUTLS_E_PULL_ERROR),
        gnutls_strerror(GNUTLS_E_PUSH_ERROR), "Recv failure", "Send failure"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends && code == CURLE_SSL_CONNECT_ERROR; i++) {
        if (strstr(transfer->error, ends[i]) != NULL)
            return true;
    }
    return false;
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct transfers *transfers = transfer->transfers;
    turns_leave(&transfers->turns, &transfer->turn);
    curl_multi_remove_handle(transfers->multi, transfer->easy);
    transfer->done(transfer, code);
    drop(transfer);
}

static void run(struct transfer *transfer)
{
    if (curl_multi_add_handle(transfer->transfers->multi, transfer->easy) != CURLM_OK)
        finish(transfer, CURLE_OUT_OF_MEMORY);
}

void transfers_process(struct transfers *transfers)
{
    int running, left;
    CURLMsg *message;
    struct turn *turn;
    struct transfer *transfer;
    while ((turn = turns_begin(&transfers->turns)) != NULL)
        run((struct transfer *)turn);
    curl_multi_perform(transfers->multi, &running);
    while ((message = curl_multi_info_read(transfers->multi, &left)) != NULL) {
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        if (message->msg == CURLMSG_DONE)
            finish(transfer, code);
    }
}

void transfers_wait(struct transfers *transfers, struct curl_waitfd *watched, unsigned count,
                    int timeout_ms)
{
    int until_begin = turns_wait_ms(&transfers->turns);
    if (until_begin >= 0 && until_begin < timeout_ms)
        timeout_ms = until_begin;
    curl_multi_poll(transfers->multi, watched, count, timeout_ms, NULL);
}
