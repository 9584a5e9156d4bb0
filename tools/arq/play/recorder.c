#include "play/recorder.h"

#include "cli/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_ARGUMENTS 24

static const char *find_tool(int film)
{
    static const char *const tools[] = {"ffmpeg", "magick", "convert"};
    for (int i = 0; i < (film ? 1 : 3); i++) {
        if (process_works(tools[i])) {
            return tools[i];
        }
    }
    return NULL;
}

/* The tool's command line; bars separate its words, as a file's name may hold spaces. */
static void format_command(const recorder *self, int gif, int film, double frames_per_second, char *line, size_t size)
{
    const char *file = gif || film ? self->file : self->pattern;
    /* A name that begins with a dash would be a flag. */
    const char *here = *file == '-' ? "./" : "";
    if (strcmp(self->tool, "ffmpeg") == 0) {
        const char *filter = gif    ? "-filter_complex|split[a][b];[a]palettegen[p];[b][p]paletteuse|"
                             : film ? "-vf|pad=ceil(iw/2)*2:ceil(ih/2)*2|-pix_fmt|yuv420p|"
                                    : "";
        snprintf(line, size, "ffmpeg|-loglevel|error|-y|-f|image2pipe|-c:v|ppm|-framerate|%g|-i|-|%s%s%s",
                 frames_per_second, filter, here, file);
    } else if (gif) {
        snprintf(line, size, "%s|-delay|100x%.0f|-loop|0|ppm:-|%s%s", self->tool, 100 * frames_per_second, here, file);
    } else {
        snprintf(line, size, "%s|ppm:-|-scene|1|%s%s", self->tool, here, file);
    }
}

static int start_tool(recorder *self, int gif, int film, double frames_per_second)
{
    char line[2048];
    char *arguments[MAX_ARGUMENTS + 1];
    int count = 0;
    format_command(self, gif, film, frames_per_second, line, sizeof(line));
    for (char *word = line; word != NULL && count < MAX_ARGUMENTS; count++) {
        arguments[count] = word;
        word = strchr(word, '|');
        if (word != NULL) {
            *word++ = '\0';
        }
    }
    arguments[count] = NULL;
    int error = process_start(&self->process, arguments, PROCESS_NO_OUTPUT);
    return error == 0 ? 0 : message_fail("%s cannot be started: %s", self->tool, strerror(error));
}

int recorder_begin(recorder *self, const char *file, double frames_per_second)
{
    memset(self, 0, sizeof(*self));
    self->file = file;
    const char *dot = strrchr(file, '.');
    const char *kind = dot == NULL ? "" : dot + 1;
    int gif = strcmp(kind, "gif") == 0;
    int film = strcmp(kind, "mp4") == 0;
    int ppm = strcmp(kind, "ppm") == 0;
    if (!gif && !film && !ppm && strcmp(kind, "png") != 0) {
        return message_usage("--record is '%s'; accepted: a file that ends in .gif, .mp4, .png or .ppm", file);
    }
    if (strlen(file) > 512 || strpbrk(file, "%|") != NULL) {
        return message_usage("--record is '%.64s'; accepted: at most 512 characters, without %% and |", file);
    }
    self->tool = ppm ? NULL : find_tool(film);
    snprintf(self->pattern, sizeof(self->pattern), "%.*s-%%05d.%s", (int)(dot - file), file,
             self->tool == NULL ? "ppm" : kind);
    if (self->tool != NULL) {
        return start_tool(self, gif, film, frames_per_second);
    }
    if (!ppm) {
        message_warning("%s needs %s, which is not installed: writing numbered .ppm pictures instead", file,
                        film ? "ffmpeg" : "ffmpeg or ImageMagick");
    }
    return 0;
}

static int write_frame(FILE *file, const picture *frame)
{
    size_t bytes = (size_t)frame->width * frame->height * 3;
    fprintf(file, "P6\n%u %u\n255\n", frame->width, frame->height);
    return fwrite(frame->rgb, 1, bytes, file) == bytes ? 0 : -1;
}

/* The path of the picture with this number. */
static void numbered(const recorder *self, unsigned long number, char *path, size_t size)
{
    const char *mark = strchr(self->pattern, '%');
    snprintf(path, size, "%.*s%05lu%s", (int)(mark - self->pattern), self->pattern, number, mark + 4);
}

static int write_numbered(recorder *self, const picture *frame)
{
    char path[sizeof(self->pattern) + 32];
    numbered(self, self->frames, path, sizeof(path));
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return message_fail("cannot write %s: %s", path, strerror(errno));
    }
    int failed = write_frame(file, frame);
    if (fclose(file) != 0 || failed) {
        return message_fail("cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

int recorder_add(recorder *self, const picture *frame)
{
    self->frames++;
    if (self->tool == NULL) {
        return write_numbered(self, frame);
    }
    return write_frame(self->process.input, frame) == 0
               ? 0
               : message_fail("%s takes no more frames: %s", self->tool, strerror(errno));
}

int recorder_end(recorder *self)
{
    char path[sizeof(self->pattern) + 32];
    if (self->tool != NULL) {
        int code = process_end(&self->process);
        if (code != 0) {
            return message_fail("%s could not write %s (exit code %d)", self->tool, self->file, code);
        }
    }
    int is_one = strstr(self->file, ".gif") != NULL || strstr(self->file, ".mp4") != NULL;
    if (self->tool != NULL && is_one) {
        printf("%lu frames in %s\n", self->frames, self->file);
    } else {
        numbered(self, 1, path, sizeof(path));
        printf("%lu frames from %s on\n", self->frames, path);
    }
    return 0;
}
