/* Frames to a film or to numbered pictures, by ffmpeg or ImageMagick where one of them is installed. */
#ifndef ARQ_TOOL_RECORDER_H
#define ARQ_TOOL_RECORDER_H

#include "host/process.h"
#include "play/picture.h"

typedef struct recorder {
    const char *tool;   /* the program that writes the file; NULL: numbered .ppm files are written here */
    process process;    /* of that tool */
    char pattern[1024]; /* of numbered files, with the number as %05d */
    const char *file;   /* as asked for */
    unsigned long frames;
} recorder;

/* Begins a recording to FILE.gif, .mp4, .png or .ppm; pictures are numbered, FILE-00001.png. 0 or an exit code. */
int recorder_begin(recorder *self, const char *file, double frames_per_second);

/* Adds a frame. 0 or an exit code. */
int recorder_add(recorder *self, const picture *frame);

/* Ends the recording and says where it is. 0 or an exit code. */
int recorder_end(recorder *self);

#endif
